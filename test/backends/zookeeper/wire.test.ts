import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createFrames,
  decodeConnected,
  decodeHeader,
  decodeNodeData,
  encodeConnect,
  encodeRequest,
  jute,
  readJute,
} from '../../../lib/backends/zookeeper/wire.ts';

const broken = expect.objectContaining({ kind: 'malformed' });

describe('the encoding', () => {
  test('what is written is read again', () => {
    const bytes = Buffer.concat([
      ...[
        jute.bool(true),
        jute.int(-7),
        jute.long(-(2n ** 62n)),
        jute.text('größe'),
        jute.buffer(Buffer.of(0, 255)),
      ],
      ...[jute.int(2), jute.text('a'), jute.text(''), jute.int(-1)],
    ]);
    const reader = readJute(bytes);
    expect([
      ...[reader.bool(), reader.int(), reader.long(), reader.text(), [...reader.buffer()]],
      ...[reader.strings(), [...reader.buffer()]],
    ]).toEqual([true, -7, -(2n ** 62n), 'größe', [0, 255], ['a', ''], []]);
  });

  test.each([
    ['a text longer than the message', jute.int(10)],
    ['a text of a length below -1', jute.int(-2)],
    ['half a length', Buffer.of(0, 0)],
  ])('%s is refused', (_name, bytes) => {
    expect(() => readJute(bytes).text()).toThrow(broken);
  });

  test('a list of two billion texts is refused at once', () => {
    expect(() => readJute(jute.int(2 ** 31 - 1)).strings()).toThrow(broken);
  });
});

describe('messages', () => {
  test('a request for a session, as ZooKeeper 3.4 and later know it', () => {
    expect(encodeConnect(10_000).toString('hex')).toBe(
      `0000002d${'00000000'}${'00'.repeat(8)}00002710${'00'.repeat(8)}00000010${'00'.repeat(16)}00`,
    );
  });

  test('a request for a node', () => {
    expect(encodeRequest(5, 4, jute.text('/a'), jute.bool(false)).toString('hex')).toBe(
      '0000000f00000005000000040000' + '00022f6100',
    );
  });

  test('the answers to them, as a real server gave them', () => {
    const greeting = Buffer.from(
      '0000000000002710010000599 2dc0000000000106653bc75fb57ba76b4c3c7653c5474e700'.replace(' ', ''),
      'hex',
    );
    expect(decodeConnected(readJute(greeting))).toBe(10_000);
    const expired = Buffer.alloc(37);
    expect(decodeConnected(readJute(expired))).toBe(0);
    const reply = Buffer.concat([
      ...[jute.int(5), jute.long(9n), jute.int(0), jute.text('{}')],
      ...[Buffer.alloc(52), jute.int(2), jute.int(3), jute.long(0n)],
    ]);
    const reader = readJute(reply);
    expect([decodeHeader(reader), decodeNodeData(reader)]).toEqual([
      { xid: 5, error: 0 },
      { data: Buffer.from('{}'), children: 3 },
    ]);
  });
});

describe('a stream of messages', () => {
  test('comes out the same, however it was cut', () => {
    const anyMessages = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(anyMessages, fc.array(fc.nat(40), { maxLength: 30 }), (messages, cuts) => {
        const stream = Buffer.concat(messages.map((message) => jute.buffer(message)));
        const cut = createFrames(() => 30);
        const out: string[] = [];
        let at = 0;
        for (const length of [...cuts, stream.length]) {
          for (const message of cut(stream.subarray(at, at + length))) out.push(message.toString('hex'));
          at += length;
        }
        expect(out).toEqual(messages.map((message) => Buffer.from(message).toString('hex')));
      }),
    );
  });

  test.each([
    [31, 'too-large', 'an answer of 31 bytes is over the limit of 30 bytes'],
    [2 ** 31 - 1, 'too-large', 'an answer of 2147483647 bytes is over the limit of 30 bytes'],
    [-1, 'malformed', 'the server there does not speak ZooKeeper'],
  ])('a length of %d is refused before anything is kept', (length, kind, message) => {
    expect(() => createFrames(() => 30)(jute.int(length))).toThrow(
      expect.objectContaining({ kind, message }),
    );
  });
});
