import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  answers,
  decodeAnswer,
  encodeName,
  encodeQuery,
  type Query,
} from '../../../../lib/backends/dns/message.ts';
import { draws } from '../../../support/counts.ts';

const query: Query = { id: 0x1234, name: encodeName('Web.example') ?? new Uint8Array(), type: 'SRV' };
const question = '0357656207 6578616d706c65 00 0021 0001';
const bytes = (...hex: readonly string[]) => Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');
const header = (flags: string, counts: string) => `1234 ${flags} ${counts}`;

describe('a query', () => {
  test('asks for recursion and tells how large an answer may be', () => {
    expect(encodeQuery(query, { edns: true })).toEqual(
      bytes(header('0100', '0001 0000 0000 0001'), question, '00 0029 1000 00000000 0000'),
    );
    expect(encodeQuery(query, { edns: false })).toEqual(
      bytes(header('0100', '0001 0000 0000 0000'), question),
    );
  });
});

describe('what counts as an answer to it', () => {
  test.each([
    ['the same question', header('8180', '0001 0000 0000 0000') + question, true],
    ['in another case', header('8180', '0001 0000 0000 0000') + question.replace('57', '77'), true],
    ['SERVFAIL without the question', header('8182', '0000 0000 0000 0000'), true],
    ['NXDOMAIN without the question', header('8183', '0000 0000 0000 0000'), false],
    ['NOERROR without the question', header('8180', '0000 0000 0000 0000'), false],
    ['another number', header('8180', '0001 0000 0000 0000').replace('1234', '1235') + question, false],
    ['a question', header('0100', '0001 0000 0000 0000') + question, false],
    ['another name', header('8180', '0001 0000 0000 0000') + question.replace('57', '58'), false],
    ['another type', header('8180', '0001 0000 0000 0000') + question.replace('0021', '0001'), false],
    ['two questions', header('8180', '0002 0000 0000 0000') + question + question, false],
    ['half a header', '1234 8180', false],
    ['half a question', header('8180', '0001 0000 0000 0000') + question.slice(0, 20), false],
  ])('%s: %#', (_name, hex, counts) => {
    expect(answers(bytes(hex), query)).toBe(counts);
  });
});

/** An answer section's records behind the question, each with the name of the question. */
const record = (type: string, data: string) =>
  `c00c ${type} 0001 0000003c ${(bytes(data).length + 0x1_0000).toString(16).slice(1)} ${data}`;
const answerOf = (...records: readonly string[]) =>
  bytes(
    header('8180', `0001 ${(records.length + 0x1_0000).toString(16).slice(1)} 0000 0000`),
    question,
    ...records,
  );

describe('an answer', () => {
  test('every kind of record', () => {
    const answer = answerOf(
      record('0001', '0a000001'),
      record('001c', '20010db8000000000001000000000001'),
      record('001c', '00000000000000000000ffff0a000001'),
      record('0021', '0001 0002 1f90 01 61 c010'),
      record('000f', '000a 00'),
      record('0002', '02 6e73 c010'),
      record('0005', 'c010'),
      record('0010', '0161'),
    );
    expect(decodeAnswer(answer)).toEqual({
      code: 0,
      truncated: false,
      referral: false,
      records: [
        { kind: 'A', address: '10.0.0.1' },
        { kind: 'AAAA', address: '2001:db8::1:0:0:1' },
        { kind: 'AAAA', address: '10.0.0.1' },
        { kind: 'SRV', target: 'a.example.', port: 8080 },
        { kind: 'MX', target: '.' },
        { kind: 'NS', target: 'ns.example.' },
        { kind: 'CNAME' },
        { kind: 'other', type: 16 },
      ],
    });
  });

  test.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['20010db8000100020003000400050006', '2001:db8:1:2:3:4:5:6'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['00010000000000010000000000010001', '1::1:0:0:1:1'],
    ['0000000000000000000000000a000001', '::a00:1'],
  ])('an IPv6 address is written as Go writes it: %s', (data, address) => {
    expect(decodeAnswer(answerOf(record('001c', data))).records).toEqual([{ kind: 'AAAA', address }]);
  });

  test('a truncated one has no records, whatever is in it', () => {
    const cut = bytes(header('8380', '0001 0009 0000 0000'), question, 'c00c 0001');
    expect(decodeAnswer(cut)).toEqual({ code: 0, truncated: true, referral: false, records: [] });
  });

  test('EDNS has the upper bits of the code: NOERROR in the header may be BADVERS', () => {
    const options = '00 0029 1000 01000000 0000';
    expect(decodeAnswer(bytes(header('8180', '0001 0000 0000 0001'), question, options)).code).toBe(16);
  });

  test.each([
    ['8000', true],
    ['8080', false],
    ['8400', false],
  ])('with flags %s and nothing in it: a referral is %p', (flags, referral) => {
    const nameserver = record('0002', '00');
    expect(decodeAnswer(bytes(header(flags, '0001 0000 0001 0000'), question, nameserver)).referral).toBe(
      referral,
    );
  });

  test.each([
    ['fewer records than announced', answerOf(record('0001', '0a000001')).subarray(0, -16)],
    ['half a record', answerOf(record('0001', '0a000001')).subarray(0, -2)],
    ['an IPv4 address of 3 bytes', answerOf(record('0001', '0a0000'))],
    ['an IPv6 address of 4 bytes', answerOf(record('001c', '0a000001'))],
    ['SRV without a target', answerOf(record('0021', '000100021f90'))],
    ['SRV that breaks off', answerOf(record('0021', '0001'))],
    ['a name that ends before its record', answerOf(record('0002', '00 00'))],
    ['a name that ends behind its record', answerOf(record('0002', '01'), record('0002', '00'))],
    ['a pointer to itself', answerOf(record('0002', 'c029'))],
    ['a question that breaks off', bytes(header('8180', '0002 0000 0000 0000'), question)],
  ])('%s is refused', (_name, message) => {
    expect(() => decodeAnswer(message)).toThrow(expect.objectContaining({ kind: 'malformed' }));
  });

  test('whatever bytes come, it is read or refused', () => {
    const good = answerOf(record('0021', '0001 0002 1f90 01 61 c010'), record('001c', '00'.repeat(16)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(good.length),
        (changes, length) => {
          const changed = Buffer.from(good);
          for (const [at, byte] of changes) changed[at] = byte;
          const message = changed.subarray(0, Math.max(12, length));
          expect(typeof answers(message, query)).toBe('boolean');
          try {
            expect(decodeAnswer(message).records.length).toBeLessThan(100);
          } catch (error) {
            expect(error).toMatchObject({ kind: 'malformed' });
          }
        },
      ),
      { numRuns: draws(500) },
    );
  });
});
