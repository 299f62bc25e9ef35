export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Writes ASCII. Most texts are short; for those a loop beats the call into the runtime. */
export function putAscii(buffer: Buffer, text: string, at: number): void {
  const { length } = text;
  if (length > 32) buffer.write(text, at, 'latin1');
  else for (let index = 0; index < length; index += 1) buffer[at + index] = text.charCodeAt(index);
}
