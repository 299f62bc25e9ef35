/** Protobuf, written: the opposite of what is tested, and as simple as can be. */

/** A number of up to 64 bits. */
export function varint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** A field that holds a number. */
export function numberField(number: number, value: bigint | number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** A field that holds bytes: a text, or a message of the given fields. */
export function bytesField(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** The message around an object. */
export function envelope(apiVersion: string, kind: string, object: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('k8s\0'),
    bytesField(1, bytesField(1, apiVersion), bytesField(2, kind)),
    bytesField(2, object),
    bytesField(3),
    bytesField(4),
  ]);
}

/** A list of items, each given by its fields. */
export function listBody(apiVersion: string, listKind: string, items: readonly Buffer[]): Buffer {
  const meta = bytesField(1, bytesField(1), bytesField(2, '7'), bytesField(3));
  return envelope(apiVersion, listKind, Buffer.concat([meta, ...items.map((item) => bytesField(2, item))]));
}

/** The field `metadata` of an object. */
export function metadataField(name: string, namespace: string, ...more: readonly Buffer[]): Buffer {
  return bytesField(1, bytesField(1, name), bytesField(3, namespace), ...more);
}
