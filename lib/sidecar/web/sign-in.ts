import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebConfig } from '../../config/web-config.ts';
import { createWorkThread } from '../worker.ts';
import { type CheckPassword, createPasswordQueue } from './password-queue.ts';

/** Whether a peer may read; `busy` when too many passwords are being checked to check one more. */
export type Admission = 'admitted' | 'refused' | 'busy';

type Users = Pick<WebConfig, 'users' | 'tokens'>;

/** Checks the Authorization header of a peer, which is known by its address. */
export type SignIn = (users: Users, authorization: string | undefined, peer: string) => Promise<Admission>;

/**
 * Checks Authorization headers, and remembers the answers: a password costs a tenth of a second of CPU each time, which
 * a thread of its own spends.
 */
export function createSignIn(check: CheckPassword = checkInThread()): SignIn {
  const known = new Map<string, boolean>();
  const queue = createPasswordQueue(check);

  /** `undefined` where too many others wait to be checked, or the peer has guessed too often. */
  async function checkPassword(peer: string, hash: string, password: string): Promise<boolean | undefined> {
    const key = sha256(`${hash}\n${password}`);
    const before = known.get(key);
    if (before !== undefined) {
      // To the end of those that are forgotten: who comes again and again outlasts a flood of guesses.
      known.delete(key);
      known.set(key, before);
      return before;
    }
    const right = await queue(peer, password, hash);
    if (right === undefined) return undefined;
    if (known.size >= mostKnown) known.delete(known.keys().next().value ?? '');
    known.set(key, right);
    return right;
  }

  return async ({ users, tokens }, authorization, peer) => {
    if (users.size === 0 && tokens.size === 0) return 'admitted';
    const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? [];
    if (scheme.toLowerCase() === 'bearer') return isToken(tokens, credentials) ? 'admitted' : 'refused';
    if (scheme.toLowerCase() !== 'basic' || users.size === 0) return 'refused';
    const text = Buffer.from(credentials, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon === -1) return 'refused';
    const hash = users.get(text.slice(0, colon));
    // An unknown user takes as long as a wrong password, so that the time does not tell who exists.
    const [anyHash = ''] = users.values();
    const right = await checkPassword(peer, hash ?? anyHash, text.slice(colon + 1));
    if (right === undefined) return 'busy';
    return right && hash !== undefined ? 'admitted' : 'refused';
  };
}

const mostKnown = 256;

function checkInThread(): CheckPassword {
  const thread = createWorkThread('password');
  return (password, hash) => thread.run({ password, hash });
}

function isToken(tokens: ReadonlyMap<string, string>, token: string): boolean {
  const digest = Buffer.from(sha256(token));
  return [...tokens.values()].filter((one) => timingSafeEqual(Buffer.from(one), digest)).length > 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
