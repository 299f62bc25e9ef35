import { randomBytes } from 'node:crypto';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { openPress, type Press } from '../../lib/kube-state/text/press.ts';
import { type Member, openSpill, type Spill } from '../../lib/kube-state/text/spill.ts';
import { openText, putBytes, type TextBytes } from '../../lib/kube-state/text/text-bytes.ts';

function textOf(bytes: Uint8Array): TextBytes {
  const text = openText();
  putBytes(text, bytes);
  return text;
}

/** Works with a press on a real spill. `read` gives the bytes of a member, once the press has finished. */
async function withPress(
  work: (press: Press, read: (member: Member) => Buffer) => Promise<void>,
): Promise<void> {
  const spill = openSpill();
  const press = openPress(spill);
  try {
    await work(press, (member) => {
      const bytes = Buffer.alloc(member.length);
      spill.read(member, bytes);
      return bytes;
    });
  } finally {
    press.close();
    spill.close();
  }
}

test('each text becomes a member of its own, and all members together are one gzip', () =>
  withPress(async (press, read) => {
    // Random bytes come out longer than they are, so in several pieces.
    const texts = [
      Buffer.from('x'),
      randomBytes(300_000),
      Buffer.alloc(200_000, 'pod '),
      randomBytes(65_536),
    ];
    const members = texts.map((bytes) => press.take(textOf(bytes)));
    await press.finish();
    const packed = members.map(read);
    expect(packed.map((member) => gunzipSync(member).toString('hex'))).toEqual(
      texts.map((text) => text.toString('hex')),
    );
    expect(gunzipSync(Buffer.concat(packed)).equals(Buffer.concat(texts))).toBe(true);
  }));

test('a text that is taken leaves an empty one, which does not change what was taken', () =>
  withPress(async (press, read) => {
    const text = openText();
    const members: Member[] = [];
    for (let turn = 0; turn < 100; turn++) {
      putBytes(text, Buffer.from(`turn ${turn}\n`));
      members.push(press.take(text));
      expect(text.length).toBe(0);
      await press.pause();
    }
    await press.finish();
    const all = members.map((member) => gunzipSync(read(member)).toString());
    expect(all).toEqual(Array.from({ length: 100 }, (_, turn) => `turn ${turn}\n`));
  }));

test('asks for a pause where much waits, and no longer than that', () =>
  withPress(async (press) => {
    for (let turn = 0; turn < 31; turn++) press.take(textOf(Buffer.from('a')));
    expect(press.pause()).toBeUndefined();
    press.take(textOf(Buffer.from('a')));
    await expect(press.pause()).resolves.toBeUndefined();
    expect(press.pause()).toBeUndefined();
  }));

test('a full disk shows at the next pause and at the end', async () => {
  const full = new MusterError('storage', 'the disk is full');
  const press = openPress({
    append: () => {
      throw full;
    },
    read: () => undefined,
    close: () => undefined,
  });
  for (let turn = 0; turn < 40; turn++) press.take(textOf(Buffer.from('a')));
  await expect(press.pause()).rejects.toBe(full);
  await expect(press.finish()).rejects.toBe(full);
  press.close();
});

test('nothing is written once it is closed, whenever that is', async () => {
  for (let turns = 0; turns < 40; turns++) {
    let appended = 0;
    const spill: Spill = {
      append: () => {
        appended++;
        return { at: 0, length: 0 };
      },
      read: () => undefined,
      close: () => undefined,
    };
    const press = openPress(spill);
    for (let turn = 0; turn < 5; turn++) press.take(textOf(randomBytes(300_000)));
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    press.close();
    const before = appended;
    await sleep(5);
    expect(appended).toBe(before);
  }
});
