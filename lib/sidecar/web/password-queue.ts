/** Whether a password is the one that a bcrypt hash was made of. */
export type CheckPassword = (password: string, hash: string) => Promise<boolean>;

/** Checks passwords one after another; `undefined` where there are too many to check one more for this peer now. */
export type PasswordQueue = (peer: string, password: string, hash: string) => Promise<boolean | undefined>;

/** Checks that wait or run at once, in all and for one address. */
const mostWaiting = 16;
const mostOfPeer = 4;

/** Wrong passwords that an address may send at once; after them one more each second. */
const freeGuesses = 10;

/** Addresses that are remembered. */
const mostPeers = 1024;

interface Entry {
  readonly peer: string;
  readonly begin: () => void;
  readonly turnAway: () => void;
}

/**
 * A check takes a tenth of a second of CPU, so that guesses are a flood before they are many. Each address has a share
 * of the queue, those without wrong passwords go first and take the place of others, and who guesses on is slowed down.
 */
export function createPasswordQueue(check: CheckPassword, now = () => performance.now()): PasswordQueue {
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

/** Removes and gives the first entry in the given order; of equals the one that came first. */
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
