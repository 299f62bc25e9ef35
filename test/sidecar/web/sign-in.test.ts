import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { createSignIn } from '../../../lib/sidecar/web/sign-in.ts';

const users = new Map([
  ['alice', hashSync('wonder:land', 4)],
  ['zoë', hashSync('pässword', 4)],
]);
const tokens = new Map([['prometheus', createHash('sha256').update('token-1').digest('hex')]]);
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

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
    const signIn = createSignIn();
    expect(await signIn(config, header)).toBe(expected);
    expect(await signIn(config, header)).toBe(expected);
  });

  test('a changed hash is checked anew', async () => {
    const signIn = createSignIn();
    const header = basic('alice:wonder:land');
    expect(await signIn({ users, tokens }, header)).toBe('admitted');
    const changed = new Map([['alice', hashSync('other', 4)]]);
    expect(await signIn({ users: changed, tokens }, header)).toBe('refused');
  });

  test('a flood of passwords is turned away instead of queued', async () => {
    const signIn = createSignIn();
    const slow = new Map([['alice', hashSync('right', 8)]]);
    const flood = Array.from({ length: 40 }, (_, index) =>
      signIn({ users: slow, tokens }, basic(`alice:${index}`)),
    );
    const answers = await Promise.all(flood);
    expect([
      answers.filter((one) => one === 'refused').length,
      answers.filter((one) => one === 'busy').length,
    ]).toEqual([16, 24]);
    expect(await signIn({ users: slow, tokens }, basic('alice:right'))).toBe('admitted');
  });

  test('who was let in before is let in through the flood, however long it goes on', async () => {
    const signIn = createSignIn();
    const right = () => signIn({ users, tokens }, basic('alice:wonder:land'));
    expect(await right()).toBe('admitted');
    for (let wave = 0; wave < 20; wave += 1) {
      const flood = Array.from({ length: 20 }, (_, index) =>
        signIn({ users, tokens }, basic(`alice:${wave} ${index}`)),
      );
      // Not behind those that wait, and not forgotten for them.
      expect(await Promise.race([right(), Promise.allSettled(flood)])).toBe('admitted');
      await Promise.all(flood);
    }
  });
});
