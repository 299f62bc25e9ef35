import { createHash } from 'node:crypto';
import { afterAll, describe, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { type CheckPassword, createSignIn, type SignIn } from '../../../lib/sidecar/serve/sign-in.ts';
import { createWorkHost, createWorkThread } from '../../../lib/sidecar/serve/worker.ts';
import { shareOfMainThread } from '../world.ts';

const users = new Map([
  ['alice', hashSync('wonder:land', 4)],
  ['zoë', hashSync('pässword', 4)],
]);
const tokens = new Map([['prometheus', createHash('sha256').update('token-1').digest('hex')]]);
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** One thread for all sign-ins of this file: it takes longer to start than they do. */
const ended = new AbortController();
const thread = createWorkThread('password', createWorkHost(ended.signal));
const inThread: CheckPassword = (password, hash) => thread.run({ password, hash });
afterAll(() => ended.abort());

/** Signs in with checks that end a moment later and take `right` for right. */
function slowly(): { readonly signIn: SignIn; readonly checked: () => number } {
  let checks = 0;
  const signIn = createSignIn(async (password) => {
    checks += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return password === 'right';
  });
  return { signIn, checked: () => checks };
}

const guess = (signIn: SignIn, peer: string, text: string) => signIn({ users, tokens }, basic(text), peer);

function counted(answers: readonly string[]): Record<string, number> {
  const names = [...new Set(answers)];
  return Object.fromEntries(names.map((name) => [name, answers.filter((one) => one === name).length]));
}

describe('signing in', () => {
  test.each([
    ['no user and no token configured', { users: new Map(), tokens: new Map() }, undefined, 'admitted'],
    ['a right password', { users, tokens }, basic('alice:wonder:land'), 'admitted'],
    ['a name and password in UTF-8', { users, tokens }, basic('zoë:pässword'), 'admitted'],
    [
      'a scheme in another case',
      { users, tokens },
      basic('alice:wonder:land').replace('Basic', 'bASIC'),
      'admitted',
    ],
    ['a right token', { users, tokens }, 'Bearer token-1', 'admitted'],
    ['a token beside no users', { users: new Map(), tokens }, 'Bearer token-1', 'admitted'],
    ['nothing', { users, tokens }, undefined, 'refused'],
    ['a wrong password', { users, tokens }, basic('alice:wonderland'), 'refused'],
    ['the password of another', { users, tokens }, basic('zoë:wonder:land'), 'refused'],
    [
      'an unknown user with the password of the first',
      { users, tokens },
      basic('bob:wonder:land'),
      'refused',
    ],
    ['the hash as password', { users, tokens }, basic(`alice:${users.get('alice')}`), 'refused'],
    ['no colon', { users, tokens }, basic('alice'), 'refused'],
    ['no base64', { users, tokens }, 'Basic ***', 'refused'],
    ['a wrong token', { users, tokens }, 'Bearer token-2', 'refused'],
    ['the digest as token', { users, tokens }, `Bearer ${tokens.get('prometheus')}`, 'refused'],
    ['a name of every object', { users, tokens }, basic('__proto__:x'), 'refused'],
    ['a password where only tokens are', { users: new Map(), tokens }, basic('alice:wonder:land'), 'refused'],
    ['another scheme', { users, tokens }, 'Digest username=alice', 'refused'],
  ])('%s', async (_, config, header, expected) => {
    const signIn = createSignIn(inThread);
    expect(await signIn(config, header, '10.0.0.1')).toBe(expected);
    expect(await signIn(config, header, '10.0.0.1')).toBe(expected);
  });

  test('a changed hash is checked anew', async () => {
    const signIn = createSignIn(inThread);
    const header = basic('alice:wonder:land');
    expect(await signIn({ users, tokens }, header, '10.0.0.1')).toBe('admitted');
    const changed = new Map([['alice', hashSync('other', 4)]]);
    expect(await signIn({ users: changed, tokens }, header, '10.0.0.1')).toBe('refused');
  });

  test('a flood of passwords is turned away instead of queued', async () => {
    const { signIn } = slowly();
    const flood = Array.from({ length: 40 }, (_, index) => guess(signIn, '10.0.0.1', `alice:${index}`));
    expect(counted(await Promise.all(flood))).toEqual({ refused: 4, busy: 36 });
    expect(await guess(signIn, '10.0.0.1', 'alice:right')).toBe('admitted');
  });

  test('a right user who is not yet remembered is let in while others guess from sixty addresses', async () => {
    const { signIn } = slowly();
    const address = (index: number) => `10.0.1.${index}`;
    const all = Array.from({ length: 60 }, (_, index) => index);
    const first = await Promise.all(all.map((index) => guess(signIn, address(index), `alice:a${index}`)));
    expect(counted(first)).toEqual({ refused: 17, busy: 43 });
    const second = all.slice(0, 17).map((index) => guess(signIn, address(index), `alice:b${index}`));
    expect(await guess(signIn, '10.0.0.9', 'alice:right')).toBe('admitted');
    expect(counted(await Promise.all(second))).toEqual({ refused: 16, busy: 1 });
  });

  test('an address that guesses on is slowed down, and others are not', async () => {
    const { signIn, checked } = slowly();
    const answers: string[] = [];
    for (let index = 0; index < 12; index += 1)
      answers.push(await guess(signIn, '10.0.0.1', `alice:${index}`));
    expect([counted(answers), checked()]).toEqual([{ refused: 10, busy: 2 }, 10]);
    expect(await guess(signIn, '10.0.0.2', 'alice:other')).toBe('refused');
  });

  test('a password is checked beside the main thread, which goes on meanwhile', async () => {
    const signIn = createSignIn();
    const costly = new Map([['alice', hashSync('right', 4).replace('$04$', '$11$')]]);
    await guess(signIn, '10.0.0.1', 'alice:wonder:land');
    const { result, share } = await shareOfMainThread(() =>
      signIn({ users: costly, tokens }, basic('alice:x'), '10.0.0.1'),
    );
    expect([result, share < 0.5]).toEqual(['refused', true]);
  });

  test('who was let in before is let in through the flood, however long it goes on', async () => {
    const signIn = createSignIn(inThread);
    const right = () => guess(signIn, '10.0.0.1', 'alice:wonder:land');
    expect(await right()).toBe('admitted');
    for (let wave = 0; wave < 20; wave += 1) {
      const flood = Array.from({ length: 20 }, (_, index) =>
        guess(signIn, `10.0.${wave}.${index}`, `alice:${wave} ${index}`),
      );
      // Not behind those that wait, and not forgotten for them.
      expect(await Promise.race([right(), Promise.allSettled(flood)])).toBe('admitted');
      await Promise.all(flood);
    }
  });
});
