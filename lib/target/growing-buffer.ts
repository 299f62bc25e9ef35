const encoder = new TextEncoder();

/** UTF-8 bytes that grow in place: a resizable buffer is only reserved address space until it is written. */
export class GrowingBuffer {
  #buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 31 });
  #length = 0;

  append(text: string): void {
    const needed = this.#length + text.length * 3;
    if (needed > this.#buffer.byteLength) this.#buffer.resize(Math.max(needed, this.#buffer.byteLength * 2));
    this.#length += encoder.encodeInto(text, new Uint8Array(this.#buffer, this.#length)).written;
  }

  /** What was appended so far, not copied. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#length);
  }
}
