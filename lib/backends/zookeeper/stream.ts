import type { Socket } from 'node:net';
import { MusterError, toMusterError } from '../../errors.ts';
import { createFrames } from './wire/frames.ts';
import { type JuteReader, readJute } from './wire/jute.ts';
import { closeRequest } from './wire/messages.ts';

export type SessionState = 'opening' | 'open' | 'over';

/** What is done with messages. */
export interface Receiver {
  readonly greet: (reader: JuteReader) => void;
  readonly answer: (reader: JuteReader) => void;
  readonly fail: (error: MusterError) => void;
}

/** Hands on each message that comes: the first is the server's greeting. */
export function receive(
  socket: Socket,
  maxBytes: number,
  state: () => SessionState,
  { greet, answer, fail }: Receiver,
): void {
  const cut = createFrames(() => (state() === 'open' ? largestMessage : largestGreeting));
  let total = 0;
  socket.on('data', (part) => {
    total += part.length;
    try {
      if (total > maxBytes)
        throw new MusterError('too-large', `its answers are over the limit of ${maxBytes} bytes in all`);
      for (const message of state() === 'over' ? [] : cut(part))
        (state() === 'opening' ? greet : answer)(readJute(message));
    } catch (error) {
      const known = toMusterError(error);
      const strange = state() === 'opening' && known.kind === 'too-large';
      fail(strange ? new MusterError('malformed', 'what answers there does not speak ZooKeeper') : known);
    }
  });
}

/** It has 37 bytes; whatever announces more than this is another protocol's. */
const largestGreeting = 1024;

/** A server refuses to keep more than 1 MiB in a node; a list of a million children is as large as this. */
const largestMessage = 32 * 2 ** 20;
/** Milliseconds that a server has to say goodbye. */
const farewell = 1000;

/** Tells the server that the session is over, without waiting for its answer. */
export function leave(socket: Socket): void {
  socket.write(closeRequest);
  socket.destroySoon();
}

/** The same, and waits until the server has closed the connection, but not for long. */
export async function sayGoodbye(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, farewell);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(closeRequest);
  });
}
