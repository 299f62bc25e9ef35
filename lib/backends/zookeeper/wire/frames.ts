import { MusterError } from '../../../errors.ts';

/**
 * Cuts a stream of bytes into messages, each of which has its length in front. Throws `too-large` as soon as a length
 * is over the limit, so that nothing is kept of it.
 */
export function createFrames(limit: () => number): (part: Buffer) => readonly Buffer[] {
  let parts: Buffer[] = [];
  let kept = 0;
  let wanted = 4;

  return (part) => {
    parts.push(part);
    kept += part.length;
    // Joined once all of it is there: joining at every part would cost the square of the message.
    if (kept < wanted) return [];
    let bytes = parts.length === 1 ? part : Buffer.concat(parts);
    const messages: Buffer[] = [];
    for (;;) {
      const length = bytes.length < 4 ? 0 : checkedLength(bytes.readInt32BE(), limit());
      wanted = bytes.length < 4 ? 4 : 4 + length;
      if (bytes.length < wanted) break;
      messages.push(bytes.subarray(4, wanted));
      bytes = bytes.subarray(wanted);
    }
    parts = [bytes];
    kept = bytes.length;
    return messages;
  };
}

function checkedLength(length: number, limit: number): number {
  if (length < 0) throw new MusterError('malformed', 'what answers there does not speak ZooKeeper');
  if (length > limit)
    throw new MusterError('too-large', `an answer of ${length} bytes is over the limit of ${limit} bytes`);
  return length;
}
