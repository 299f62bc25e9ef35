import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebConfig } from '../../config/web-config.ts';
import { createWorkThread } from './worker.ts';

/** Whether a peer may read; `busy` when too many passwords are being checked to check one more. */
export type Admission = 'admitted' | 'refused' | 'busy';

type Users = Pick<WebConfig, 'users' | 'tokens'>;

/** Checks the Authorization header of a peer, which is known by its address. */
export type SignIn = (users: Users, authorization: string | undefined, peer: string) => Promise<Admission>;

/**
 * Checks Authorization headers, and remembers the answers. A password costs a tenth of a second of CPU each time, in a
 * thread of its own.
 */
export function createSignIn(check: CheckPassword = checkInThread()): SignIn {
  const known = new Map<string, boolean>();
  const queue = createPasswordQueue(check);

  /** `undefined` if too many others wait, or if the peer has guessed too often. */
  async function checkPassword(peer: string, hash: string, password: string): Promise<boolean | undefined> {
    const key = sha256(`${hash}\n${password}`);
    const before = known.get(key);
    if (before !== undefined) {
      // Moved to the end, so that a flood of guesses does not push out those who come again and again.
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

/** Whether a password is the one that a bcrypt hash was made of. */
export type CheckPassword = (password: string, hash: string) => Promise<boolean>;

/** Checks passwords one after another; `undefined` if there are too many to check another for this peer now. */
type PasswordQueue = (peer: string, password: string, hash: string) => Promise<boolean | undefined>;

/** The most checks that wait or run at once, for all addresses and for one. */
const mostWaiting = 16;
const mostOfPeer = 4;

/** Wrong passwords that an address may send at once. After that, one each second. */
const freeGuesses = 10;

/** The most addresses that are remembered. */
const mostPeers = 1024;

interface Entry {
  readonly peer: string;
  readonly begin: () => void;
  readonly turnAway: () => void;
}

/**
 * A check takes a tenth of a second of CPU, so a few guesses at once already fill the queue. Each address has a share
 * of it. Addresses without wrong passwords go first and take the place of others. An address that keeps guessing is
 * slowed down.
 */
function createPasswordQueue(check: CheckPassword, now = () => performance.now()): PasswordQueue {
  const waiting: Entry[] = [];
  const guesses = createGuesses(now);
  let running: string | undefined;

  const next = () => {
    running = undefined;
    const entry = takeOut(waiting, (a, b) => guesses.of(a.peer) - guesses.of(b.peer));
    running = entry?.peer;
    entry?.begin();
  };

  async function run(peer: string, password: string, hash: string): Promise<boolean> {
    try {
      const right = await check(password, hash);
      if (right) guesses.forget(peer);
      else guesses.add(peer);
      return right;
    } finally {
      next();
    }
  }

  return (peer, password, hash) => {
    const own = waiting.filter((entry) => entry.peer === peer).length + (running === peer ? 1 : 0);
    if (own >= mostOfPeer || guesses.of(peer) >= freeGuesses) return Promise.resolve(undefined);
    if (running === undefined) {
      running = peer;
      return run(peer, password, hash);
    }
    if (waiting.length >= mostWaiting) {
      const worst = Math.max(...waiting.map((entry) => guesses.of(entry.peer)));
      if (worst <= guesses.of(peer)) return Promise.resolve(undefined);
      takeOut(waiting, (a, b) => guesses.of(b.peer) - guesses.of(a.peer))?.turnAway();
    }
    return new Promise((resolve, reject) => {
      waiting.push({
        peer,
        begin: () => void run(peer, password, hash).then(resolve, reject),
        turnAway: () => resolve(undefined),
      });
    });
  };
}

/** Removes and returns the first entry in the given order; of equal entries, the one that came first. */
function takeOut(entries: Entry[], compare: (a: Entry, b: Entry) => number): Entry | undefined {
  const [first] = entries.toSorted(compare);
  if (first !== undefined) entries.splice(entries.indexOf(first), 1);
  return first;
}

/** Wrong passwords by address; one of them is forgiven each second. */
function createGuesses(now: () => number) {
  const known = new Map<string, { count: number; at: number }>();
  const of = (peer: string) => {
    const found = known.get(peer);
    return found === undefined ? 0 : Math.max(0, found.count - Math.floor((now() - found.at) / 1000));
  };
  return {
    of,
    forget: (peer: string) => known.delete(peer),
    add(peer: string) {
      const count = of(peer) + 1;
      known.delete(peer);
      if (known.size >= mostPeers) known.delete(known.keys().next().value ?? '');
      known.set(peer, { count, at: now() });
    },
  };
}
