import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { itemsOf } from './kubernetes/recorded-cluster.ts';

test('as a program it prints its URL, serves, and ends when it is told to', async () => {
  const main = join(import.meta.dirname, './kubernetes-main.ts');
  const child = spawn(process.execPath, [main, '--pods', '12', '--nodes', '4', '--token', 't'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const url = String(line).trim();
  const answer = await fetch(`${url}/api/v1/nodes`, { headers: { authorization: 'Bearer t' } });
  expect([itemsOf(await answer.text()).length, (await fetch(`${url}/api/v1/nodes`)).status]).toEqual([
    4, 401,
  ]);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
