import { MusterError } from '../../../errors.ts';

/** ZooKeeper's encoding of numbers and texts, as bytes. Source: Apache ZooKeeper, jute. */
export const jute = {
  bool: (value: boolean) => Buffer.of(value ? 1 : 0),
  int(value: number) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  long(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  },
  buffer: (value: Uint8Array) => Buffer.concat([jute.int(value.length), value]),
  text: (value: string) => jute.buffer(Buffer.from(value)),
};

/** Reads such values one after another; each method throws `malformed` when the bytes end before the value does. */
export interface JuteReader {
  bool(): boolean;
  int(): number;
  long(): bigint;
  /** Empty for the null that ZooKeeper knows beside it. */
  buffer(): Buffer;
  text(): string;
  texts(): readonly string[];
}

export function readJute(bytes: Buffer): JuteReader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new MusterError('malformed', brokenOff);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const reader: JuteReader = {
    bool: () => take(1)[0] !== 0,
    int: () => take(4).readInt32BE(),
    long: () => take(8).readBigInt64BE(),
    buffer() {
      const length = reader.int();
      return take(length === -1 ? 0 : length);
    },
    text: () => reader.buffer().toString(),
    texts() {
      const texts: string[] = [];
      // Each text has a length of its own: a count that lies ends with the bytes.
      for (let left = reader.int(); left > 0; left -= 1) texts.push(reader.text());
      return texts;
    },
  };
  return reader;
}

const brokenOff = 'the answer breaks off: this is not ZooKeeper, or not a whole answer of it';
