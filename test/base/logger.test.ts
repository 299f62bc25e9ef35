import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MusterError } from '../../lib/base/errors.ts';
import { createLogger, type LogLevel, logLevels, silentLogger } from '../../lib/base/logger.ts';
import { Secret } from '../../lib/config/secret.ts';
import { anyCharacter } from '../support/any-text.ts';

function collect(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const log = createLogger({
    level,
    write: (line) => lines.push(line),
    now: () => new Date(1_700_000_000_123),
  });
  return { log, lines };
}

/** What a value looks like in a line. */
function shown(value: unknown): string {
  const { log, lines } = collect();
  log.info('x', { value });
  return lines[0]?.slice('ts=2023-11-14T22:13:20.123Z level=info msg=x value='.length, -1) ?? '';
}

describe('the log', () => {
  test('writes one logfmt line', () => {
    const { log, lines } = collect();
    log.info('target file written', { path: 'api/consul-0.json', targets: 3, fresh: true, none: undefined });
    expect(lines).toEqual([
      'ts=2023-11-14T22:13:20.123Z level=info msg="target file written" path=api/consul-0.json targets=3 fresh=true\n',
    ]);
  });

  test('leaves out what is below its level', () => {
    const counts = logLevels.map((level) => {
      const { log, lines } = collect(level);
      for (const each of logLevels) log[each]('x');
      return lines.length;
    });
    expect(counts).toEqual([4, 3, 2, 1]);
  });

  test('a child adds its fields, the call wins over them, and nobody takes the head', () => {
    const { log, lines } = collect();
    log
      .with({ job: 'api', try: 1 })
      .with({ provider: 'consul-0' })
      .warn('held', { try: 2, msg: 'no', level: 'no' });
    expect(lines).toEqual([
      'ts=2023-11-14T22:13:20.123Z level=warn msg=held job=api try=2 provider=consul-0\n',
    ]);
  });

  test.each([
    ['', '""'],
    ['plain', 'plain'],
    ['a b', '"a b"'],
    ['a=b', '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ['line\nbreak\r\t', '"line\\nbreak\\r\\t"'],
    ['\u001b[31mred\u0007', '"\\u001b[31mred\\u0007"'],
    ['\u0085\u2028\u2029', '"\\u0085\\u2028\\u2029"'],
    ['abc\u202edef', '"abc\\u202edef"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['ünï 😀', '"ünï 😀"'],
    ['\ud800', '"\ufffd"'],
    [null, 'null'],
    [12n, '12'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new MusterError('denied', 'the bucket refuses'), '"the bucket refuses"'],
    [['a', 1], '"[\\"a\\",1]"'],
    [new Secret('hunter2'), '<secret>'],
    [{ password: new Secret('hunter2') }, '"{\\"password\\":\\"<secret>\\"}"'],
    [{ big: 1n }, '"[object Object]"'],
  ])('the value %p is shown as %s', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  test('a name that could break a line is made harmless', () => {
    const { log, lines } = collect();
    log.info('x', { 'a b=\n"c"': 1 });
    expect(lines[0]).toContain(' a_b___c_=1\n');
  });

  test('whatever it is given, a line is one line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter }),
        fc.anything(),
        fc.string({ unit: anyCharacter }),
        (text, value, name) => {
          const { log, lines } = collect();
          log.error(text, { [name]: value });
          expect(lines).toHaveLength(1);
          expect(lines[0]).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*\n$/u);
        },
      ),
    );
  });

  test('the silent one says nothing and has silent children', () => {
    expect(silentLogger.with({ a: 1 })).toBe(silentLogger);
    for (const level of logLevels) expect(silentLogger[level]('x')).toBeUndefined();
  });
});
