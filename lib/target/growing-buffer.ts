const encoder = new TextEncoder();

/** UTF-8 bytes that grow in place: a resizable buffer is only reserved address space until it is written. */
export class GrowingBuffer {
  #buffer = new ArrayBuffer(1 << 16, { maxByteLength: 2 ** 31 });
  #length = 0;

  append(text: string): void {
    // A UTF-16 code unit takes three bytes at most.
    this.#reserve(text.length * 3);
    this.#length += encoder.encodeInto(text, new Uint8Array(this.#buffer, this.#length)).written;
  }

  appendBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    new Uint8Array(this.#buffer, this.#length).set(bytes);
    this.#length += bytes.length;
  }

  /** What was appended; the buffer is empty afterwards. Of fixed length, as many Node functions want it. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.transferToFixedLength(this.#length));
    this.#buffer = new ArrayBuffer(1 << 16, { maxByteLength: 2 ** 31 });
    this.#length = 0;
    return bytes;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#buffer.byteLength) this.#buffer.resize(Math.max(needed, this.#buffer.byteLength * 2));
  }
}
