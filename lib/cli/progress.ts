import type { Progress } from '../target/discover.ts';
import type { Io } from './command.ts';

/** A line on the terminal that tells how far a listing is; nothing where no person watches. */
export function openProgress(io: Io, what: string): { show: (progress: Progress) => void; end: () => void } {
  if (!io.errIsTerminal) return { show: () => undefined, end: () => undefined };
  let shown = false;
  return {
    show({ read, total }) {
      shown = true;
      io.err(
        `\r\u001b[K${what}: ${read.toLocaleString('en')}${total === undefined ? '' : ` of ${total.toLocaleString('en')}`} objects`,
      );
    },
    end() {
      if (shown) io.err('\r\u001b[K');
    },
  };
}
