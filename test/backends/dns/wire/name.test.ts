import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeName, encodeName } from '../../../../lib/backends/dns/message.ts';

const encoded = (name: string) => {
  const bytes = encodeName(name);
  return bytes && Buffer.from(bytes).toString('latin1');
};

describe('a name on its way out', () => {
  test.each([
    ['.', '\0'],
    ['a.', '\x01a\0'],
    ['a', '\x01a\0'],
    ['_http._tcp.web.example.', '\x05_http\x04_tcp\x03web\x07example\0'],
    ['first\\.last.example', '\x0afirst.last\x07example\0'],
    ['a\\032b\\255.x', '\x04a b\xff\x01x\0'],
    ['ü.x', '\x02\xc3\xbc\x01x\0'],
    [`${'a'.repeat(63)}.`, `?${'a'.repeat(63)}\0`],
  ])('%j', (name, bytes) => {
    expect(encoded(name)).toBe(bytes);
  });

  test.each([
    '',
    '..',
    '.a',
    'a..b',
    'a..',
    'a\\',
    'a\\999.b',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(128)}`,
    `${'ü'.repeat(32)}`,
  ])('%j is none', (name) => {
    expect(encoded(name)).toBeUndefined();
  });

  test('255 bytes are allowed, one more is not', () => {
    const label = 'a'.repeat(63);
    expect(encodeName(`${label}.${label}.${label}.${'b'.repeat(61)}`)?.length).toBe(255);
    expect(encodeName(`${label}.${label}.${label}.${'b'.repeat(62)}`)).toBeUndefined();
  });
});

describe('a name on its way in', () => {
  const message = Buffer.from('\x07example\0\x03www\xc0\0\xc0\x09', 'latin1');

  test.each([
    [0, { name: 'example.', end: 9 }],
    [9, { name: 'www.example.', end: 15 }],
    [15, { name: 'www.example.', end: 17 }],
    [8, { name: '.', end: 9 }],
  ])('at %d: %j', (at, name) => {
    expect(decodeName(message, at)).toEqual(name);
  });

  test('special bytes are escaped as in zone files', () => {
    const bytes = Buffer.from('\x0fa.b c\'@;()"\\\x05\x80\xff\0', 'latin1');
    expect(decodeName(bytes, 0).name).toBe('a\\.b\\ c\\\'\\@\\;\\(\\)\\"\\\\\\005\\128\\255.');
  });

  test.each([
    ['the end of the message', '\x03ab'],
    ['no end', '\x01a'],
    ['a pointer to itself', '\xc0\0'],
    ['two pointers in a circle', '\xc0\x02\xc0\0'],
    ['a label and a pointer to it', '\x01a\xc0\0'],
    ['a pointer out of the message', '\xc0\x10'],
    ['half a pointer', '\xc0'],
    ['a reserved kind of label', '\x41a\0'],
    ['more than 255 bytes', `${`\x3f${'a'.repeat(63)}`.repeat(4)}\0`],
    ['nothing', ''],
  ])('%s is refused', (_name, bytes) => {
    expect(() => decodeName(Buffer.from(bytes, 'latin1'), 0)).toThrow(
      expect.objectContaining({ kind: 'malformed', message: 'the answer holds a broken domain name' }),
    );
  });
});

test('any labels come back as they went', () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 6 }), (labels) => {
      const bytes = Buffer.concat([
        ...labels.flatMap((each) => [Buffer.of(each.length), each]),
        Buffer.of(0),
      ]);
      const { name, end } = decodeName(bytes, 0);
      expect(end).toBe(bytes.length);
      expect(Buffer.from(encodeName(name) ?? [])).toEqual(bytes);
    }),
  );
});
