import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backwardBuffer } from '../../../../lib/sim/kubernetes/wire/buffers.ts';
import { freeze } from '../../../../lib/sim/kubernetes/wire/json.ts';
import { messageNamed } from '../../../../lib/sim/kubernetes/wire/messages.ts';
import { encodeMessage } from '../../../../lib/sim/kubernetes/wire/protobuf.ts';
import { anyCharacter } from '../../../support/any-text.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const encode = (name: string, value: Parameters<typeof encodeMessage>[1]) =>
  hex(encodeMessage(messageNamed(name), value));

describe('fields', () => {
  test.each([
    ['text and number, written even where they are empty', 'ServiceBackendPort', {}, '0a001000'],
    ['a number above a byte', 'ServiceBackendPort', { name: 'a', number: 300 }, '0a016110ac02'],
    ['a negative number in ten bytes', 'SleepAction', { seconds: -1 }, '08ffffffffffffffffff01'],
    ['a number above 32 bits', 'SleepAction', { seconds: 2 ** 40 }, '08808080808020'],
    ['an optional flag, present or not', 'EndpointConditions', { serving: false }, '1000'],
    ['a list of texts', 'NamespaceSpec', { finalizers: ['a', ''] }, '0a01610a00'],
    [
      'an inline message',
      'LifecycleHandler',
      { tcpSocket: { port: 'x' } },
      '1a0b0a070801100' + '01a01781200',
    ],
    [
      'a map in the order of its keys',
      'LabelSelector',
      { matchLabels: { b: '2', a: '1' } },
      '0a060a01611201310a060a0162120132',
    ],
    ['a quantity', 'ResourceRequirements', { limits: { cpu: '1' } }, '0a0a0a036370751203' + '0a0131'],
    [
      'a time',
      'ContainerStateRunning',
      { startedAt: '2026-01-01T00:00:00Z' },
      '0a0808' + '80f2d6ca06' + '1000',
    ],
    ['no time', 'ContainerStateRunning', {}, '0a00'],
  ])('%s', (_what, name, value, bytes) => {
    expect(encode(name, value)).toBe(bytes);
  });

  test('an unknown one is an error, not a silent loss', () => {
    expect(() => encode('HostIP', { ip: '10.0.0.1', port: 1 })).toThrow(
      "the tables know no field 'port' of HostIP",
    );
  });

  test('what is frozen is written alike each time, as any message', () => {
    const shared = freeze({ name: 'a', value: 'b' });
    expect(encode('EnvVar', shared)).toBe(encode('EnvVar', { ...shared }));
    expect(encode('HTTPHeader', shared)).toBe(encode('HTTPHeader', { ...shared }));
    expect(encode('EnvVar', shared)).toBe(encode('EnvVar', { ...shared }));
  });
});

test('bytes, texts and varints written backwards come out in order, however much the buffer grew', () => {
  const part = fc.oneof(fc.string({ unit: anyCharacter }), fc.nat(), fc.uint8Array());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const out = backwardBuffer(1);
      for (const each of parts.toReversed()) {
        if (typeof each === 'string') out.text(each);
        else if (typeof each === 'number') out.varint(each);
        else out.bytes(each);
      }
      const expected = Buffer.concat(
        parts.map((each) => (typeof each === 'number' ? Buffer.from(varint(each)) : Buffer.from(each))),
      );
      expect([out.size(), hex(out.since(0)), hex(out.taken()), out.size()]).toEqual([
        expected.length,
        hex(expected),
        hex(expected),
        0,
      ]);
    }),
  );
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
