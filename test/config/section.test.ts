import { describe, expect, test } from '@jest/globals';
import { bool, int, text } from '../../lib/config/fields.ts';
import { enumerate, problemsOf } from '../../lib/config/problem.ts';
import { atMostOne, rule, section } from '../../lib/config/section.ts';
import { tree } from './parsing.ts';

const service = section(
  {
    host: text('localhost'),
    port: int({ min: 1 }),
    tls: bool(false),
    id: text(''),
    id_file: text().optional(),
  },
  { ignored: ['comment'], hint: (key) => (key === 'scheme' ? 'write tls: true instead' : undefined) },
).check(
  rule(['tls', 'port'], ({ tls, port }) => (tls && port === 80 ? 'no TLS on port 80' : undefined)),
  rule(['port', 'host'], ({ port, host }) => (port < 1024 && host === '' ? 'needs a host' : undefined)),
  atMostOne('id', 'id_file'),
);

function problems(source: string): readonly string[] {
  const { error } = service.safeParse(tree(source));
  return (error?.issues ?? [])
    .flatMap(problemsOf)
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a section', () => {
  test('fills in defaults, counts a key without value as absent, leaves ignored keys out', () => {
    expect(service.parse(tree('{port: 1, host: , comment: [x]}'))).toEqual({
      host: 'localhost',
      port: 1,
      tls: false,
      id: '',
    });
  });

  test.each([
    ['~', [': is empty, must be a mapping']],
    ['[]', [': must be a mapping']],
    ['5', [': must be a mapping']],
    ['text', [': must be a mapping']],
    ['{}', ['port: is required']],
    [
      '{port: 1, prot: 1, hots: a, comment: 1, xyz: 1}',
      [
        'prot: unknown key, did you mean "port"?',
        'hots: unknown key, did you mean "host"?',
        'xyz: unknown key',
      ],
    ],
    ['{port: 1, coment: a}', ['coment: unknown key, did you mean "comment"?']],
    ['{port: 1, scheme: a}', ['scheme: write tls: true instead']],
    ['{port: 1, constructor: a, toString: }', ['constructor: unknown key', 'toString: unknown key']],
  ])('%s', (source, expected) => {
    expect(problems(source)).toEqual(expected);
  });

  test('rules speak beside unknown keys and beside problems of keys that they do not read', () => {
    expect(problems('{port: 80, tls: yes, id: [x], hos: a}')).toEqual([
      'id: must be text',
      'hos: unknown key, did you mean "host"?',
      'tls: no TLS on port 80',
    ]);
  });

  test('all broken rules speak, also those that read the same key', () => {
    expect(problems('{port: 80, tls: yes, host: "", id: a, id_file: b}')).toEqual([
      'tls: no TLS on port 80',
      'port: needs a host',
      'id: at most one of id and id_file may be configured',
    ]);
  });

  test('a rule waits for the keys that it reads', () => {
    expect(problems('{port: x, tls: yes, host: ""}')).toEqual(['port: must be a whole number, 1 at least']);
  });

  test('an empty text is not one of two', () => {
    expect(problems('{port: 1, id: "", id_file: b}')).toEqual([]);
  });

  test('a rule sees nothing of a section that broke a rule of its own', () => {
    const outer = section({ service, backup: text('') }).check(
      rule(['service', 'backup'], ({ service, backup }) =>
        service.port === 80 && backup === '' ? 'x' : undefined,
      ),
    );
    const issues = outer.safeParse(tree('service: {port: 80, tls: yes}')).error?.issues;
    expect(issues?.map(({ path, message }) => [...path, message])).toEqual([
      ['service', 'tls', 'no TLS on port 80'],
    ]);
  });

  test('names are put in a row as people do', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((names) => enumerate(names))).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});
