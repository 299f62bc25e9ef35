import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isMusterError } from '../../lib/base/errors.ts';
import { createCredentialReader, type ResolveReference } from '../../lib/config/credentials.ts';
import { type Credential, Secret } from '../../lib/config/secret.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-credentials-'));
  await mkdir(join(directory, 'folder'));
  await writeFile(join(directory, 'token'), '\n canary \n');
  await writeFile(join(directory, 'empty'), ' \n');
  await writeFile(join(directory, 'huge'), 'canary'.repeat(200_000));
  await writeFile(join(directory, 'binary'), Buffer.from([0xc3, 0x28]));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const secretsmanager: ResolveReference = async ({ name }) =>
  name === 'json' ? '{"password": "from json", "port": 1}' : ' from text\n';

function read(credential: Credential, signal = new AbortController().signal): Promise<string> {
  const env = { TOKEN: 'from env ', EMPTY: '' };
  return createCredentialReader({ directory, env, resolvers: { secretsmanager } })(credential, signal);
}

async function failure(credential: Credential, signal?: AbortSignal): Promise<string> {
  try {
    return `read: ${await read(credential, signal)}`;
  } catch (error) {
    if (!isMusterError(error)) throw error;
    return `${error.kind}: ${error.message.replaceAll(directory, '.')}`;
  }
}

const file = (path: string): Credential => ({ from: 'file', path });
const ref = (text: string): Credential => ({ from: 'ref', ref: text });

describe('credentials', () => {
  test('are read from where they are, without white space at their ends', async () => {
    const texts = await Promise.all([
      read({ from: 'inline', secret: new Secret(' as it is ') }),
      read(file('token')),
      read(file(join(directory, 'folder', '..', 'token'))),
      read(ref('env:TOKEN')),
      read(ref('secretsmanager:text')),
      read(ref('secretsmanager:json#password')),
    ]);
    expect(texts).toEqual([' as it is ', 'canary', 'canary', 'from env', 'from text', 'from json']);
  });

  test('are read anew each time', async () => {
    await writeFile(join(directory, 'rotated'), 'old');
    const old = await read(file('rotated'));
    await writeFile(join(directory, 'rotated'), 'new');
    expect([old, await read(file('rotated'))]).toEqual(['old', 'new']);
  });

  test.each<[string, Credential, string]>([
    ['a missing file', file('missing'), 'not-found: ./missing does not exist'],
    ['a file below a file', file('token/x'), 'not-found: ./token/x does not exist'],
    ['a folder', file('folder'), 'not-found: ./folder is a folder, not a file'],
    ['an empty file', file('empty'), 'config: credential file ./empty is empty'],
    ['a huge file', file('huge'), 'too-large: ./huge is over 1048576 bytes'],
    ['a binary file', file('binary'), 'malformed: ./binary is not UTF-8 text'],
    ['an unset variable', ref('env:NONE'), 'config: credential env:NONE: the variable is not set'],
    [
      'an inherited property',
      ref('env:toString'),
      'config: credential env:toString: the variable is not set',
    ],
    ['an empty variable', ref('env:EMPTY'), 'config: credential env:EMPTY is empty'],
    [
      'nobody to ask',
      ref('ssm:/a'),
      'config: credential ssm:/a: ssm cannot be used here, use a file or env:',
    ],
    [
      'a missing field',
      ref('secretsmanager:json#user'),
      'config: credential secretsmanager:json#user: the secret has no text of this name',
    ],
    [
      'a field that is no text',
      ref('secretsmanager:json#port'),
      'config: credential secretsmanager:json#port: the secret has no text of this name',
    ],
    [
      'a field of a secret without fields',
      ref('secretsmanager:text#a'),
      'config: credential secretsmanager:text#a: the secret has no text of this name',
    ],
    [
      'no reference',
      ref('canary'),
      "config: a credential's reference must look like env:NAME, ssm:/path or secretsmanager:name#field",
    ],
  ])('%s', async (_, credential, message) => {
    expect(await failure(credential)).toBe(message);
  });

  test('a file is not waited for beyond the deadline', async () => {
    expect(await failure(file('token'), AbortSignal.abort())).toBe(
      'timeout: ./token could not be read in time',
    );
  });
});
