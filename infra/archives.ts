import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** A file of an archive. */
export interface ArchivedFile {
  /** With `/`, relative. */
  readonly path: string;
  readonly body: Uint8Array;
  /** Permissions; 0o644 by default. */
  readonly mode?: number;
}

/**
 * A zip archive that is made of its files alone: in the order of their paths, all of the first moment that the format
 * knows. Equal files give equal bytes. Source: PKWARE's APPNOTE.TXT.
 */
export function zipOf(files: readonly ArchivedFile[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { path, body, mode = 0o644 } of inOrder(files)) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(body, { level: 9 });
    // Version 2.0, names in UTF-8, deflate, 00:00 on the first of January 1980.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(0x0021, 8);
    common.writeUInt32LE(crc32(body), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(name.length, 22);
    locals.push(signature(0x04034b50), common, name, packed);
    // Made by Unix, whose permissions stand in the upper half of the attributes.
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((0o100000 | mode) * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(signature(0x02014b50), Buffer.from([20, 3]), common, tail, name);
    offset += 4 + common.length + name.length + packed.length;
  }
  const size = central.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, ...central, signature(0x06054b50), end]);
}

/** The same as a compressed tar archive, of root, of the first moment of Unix. Source: POSIX, pax, ustar. */
export function tarOf(files: readonly ArchivedFile[]): Buffer {
  const parts = inOrder(files).flatMap(({ path, body, mode = 0o644 }) => {
    const header = Buffer.alloc(512);
    if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long for a tar archive`);
    header.write(path, 0);
    header.write(`${mode.toString(8).padStart(7, '0')}\0${'0000000\0'.repeat(2)}`, 100);
    header.write(`${body.length.toString(8).padStart(11, '0')} ${'0'.repeat(11)} `, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  const archive = gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]), { level: 9 });
  // The system that it was made on, which says nothing here: 255 is "unknown".
  archive[9] = 255;
  return archive;
}

function inOrder(files: readonly ArchivedFile[]): readonly ArchivedFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
