import { expect, test } from '@jest/globals';
import { serverList } from '../../lib/config/sd-config.ts';

test('each server once, without a slash at its end', () => {
  expect(
    serverList().parse([
      'http://a:8080/',
      'HTTPS://B/gate//',
      'http://[fd00::1]:80',
      'http://a:8080',
      'http://c/a%2Fb/ü',
    ]),
  ).toEqual(['http://a:8080', 'https://b/gate', 'http://[fd00::1]', 'http://c/a%2Fb/%C3%BC']);
});

test.each([
  'a:8080',
  'a',
  'ftp://a',
  'unix:///run/docker.sock',
  'http://',
  'http://user@a',
  'http://:word@a',
  'http://a/?token=1',
  'http://a/#x',
  '',
])('%j is none, and the message does not quote it', (server) => {
  const { error } = serverList().safeParse(['http://a', server]);
  expect((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message])).toEqual([
    ['1', 'must be an http:// or https:// URL without credentials, query and fragment'],
  ]);
});

test.each([
  [undefined, 'is required'],
  [null, 'is empty, must be a list of URLs'],
  ['http://a', 'must be a list of URLs'],
  [[], 'must have one server at least'],
])('%j is no list of servers', (value, message) => {
  expect(
    serverList()
      .safeParse(value)
      .error?.issues.map((issue) => issue.message),
  ).toEqual([message]);
});
