import { expect, test } from '@jest/globals';
import { parseReference } from '../../lib/config/secret.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf';

test.each([
  ['env:TOKEN_1', { scheme: 'env', name: 'TOKEN_1' }],
  ['ssm:/a/b.c-d_e', { scheme: 'ssm', name: '/a/b.c-d_e' }],
  ['ssm:name:3', { scheme: 'ssm', name: 'name:3' }],
  ['secretsmanager:a/b', { scheme: 'secretsmanager', name: 'a/b' }],
  ['secretsmanager:a#b c', { scheme: 'secretsmanager', name: 'a', field: 'b c' }],
  [`secretsmanager:${arn}#b`, { scheme: 'secretsmanager', name: arn, field: 'b' }],
  ...[
    '',
    ':',
    'env',
    'env:',
    'env:1A',
    'env:A-B',
    'ssm:',
    'ssm:/a#b',
    'ssm:a b',
    'secretsmanager:',
    'secretsmanager:#b',
  ].map((text): [string, undefined] => [text, undefined]),
  ...['secretsmanager:a#', 'vault:a', 'ENV:A', 'constructor:a', '__proto__:a', 'plain'].map(
    (text): [string, undefined] => [text, undefined],
  ),
])('reference %j', (text, expected) => {
  expect(parseReference(text)).toEqual(expected);
});
