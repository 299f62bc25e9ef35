import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { diffLines, formatDiff, maskSecrets } from '../../lib/adopt/diff.ts';

describe('a difference', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 30 });

  test('leads from the one text to the other, and is none for equal ones', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const found = diffLines(before, after);
        const of = (mark: string) => found.filter((line) => line.mark !== mark).map(({ text }) => text);
        expect([of('+'), of('-')]).toEqual([before, after]);
        if (isDeepStrictEqual(before, after)) expect(found.every(({ mark }) => mark === ' ')).toBe(true);
      }),
    );
  });

  test('shows three lines around each change, and parts what is far from it', () => {
    const before = Array.from({ length: 20 }, (_, index) => `${index}\n`);
    const after = before.with(2, 'two\n').with(15, 'new\n15\n');
    expect(formatDiff(['a', 'b'], [before.join(''), after.join('')])).toBe(
      '--- a\n+++ b\n@@ -1,6 +1,6 @@\n 0\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -13,6 +13,7 @@\n 12\n 13\n 14\n+new\n 15\n 16\n 17\n',
    );
    expect(formatDiff(['a', 'b'], ['a', 'a'])).toBe('');
  });
});

describe('a line is shown without its secrets', () => {
  const show = maskSecrets([
    { tls_config: { key: 'first line\nsecond line' }, http_headers: { A: { secrets: ['header-1'] } } },
  ]);
  test.each([
    ['  password: hunter2 # mine', '  password: <secret> # mine'],
    ['  { username: me, password: a, b: c }', '  { username: me, password: <secret>, b: c }'],
    [`  token: 'it''s', x`, '  token: <secret>, x'],
    ['"bearer_token":"a\\"b","c":1', '"bearer_token":<secret>,"c":1'],
    ['  password_file: /etc/password', '  password_file: /etc/password'],
    ['  secrets: [header-1, other]', '  secrets: [<secret>, other]'],
    ['    second line', '    <secret>'],
    ['  proxy_url: http://me:word@proxy:1/', '  proxy_url: http://me:<secret>@proxy:1/'],
    ['  key: |-', '  key: |-'],
    ['  source_labels: [token]', '  source_labels: [token]'],
  ])('%s', (line, shown) => {
    expect(show(line)).toBe(shown);
  });
});
