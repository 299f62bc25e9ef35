import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startProcess } from '../support/process.ts';
import { afterThisTest, cleanUpAfterEach, makeFolder } from './world.ts';

cleanUpAfterEach();

/** Status and body of an answer, on a connection of its own. */
function ask(port: number, path: string): Promise<readonly [number | undefined, string]> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.once('end', () => resolve([answer.statusCode, body]));
    }).once('error', reject);
  });
}

test('thirty searches over 100,000 targets at once are answered, and the probes while they are', async () => {
  const [store, to] = [await makeFolder(), await makeFolder()];
  const line = (index: number) =>
    JSON.stringify({
      targets: [`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:80`],
      labels: { n: 'é' },
    });
  await mkdir(join(store, 'targets/big'), { recursive: true });
  const lines = Array.from({ length: 100_000 }, (_, index) => line(index));
  await writeFile(join(store, 'targets/big/consul-0.json'), `[\n${lines.join(',\n')}\n]\n`);
  const sidecar = await startProcess({
    command: process.execPath,
    args: ([port]) => [
      ...[join(import.meta.dirname, '../../lib/cli/main.ts'), 'sync', '--from', store, '--to', to],
      ...['--interval', '1s', '--listen', `127.0.0.1:${port}`],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/readyz`,
  });
  afterThisTest(() => sidecar.stop());
  const [port = 0] = sidecar.ports;
  let open = 30;
  const searches = Array.from({ length: open }, async (_, index) => {
    try {
      return await ask(port, `/api/v1/targets?q=${encodeURIComponent(`10.1.134.${130 + index}:80`)}`);
    } finally {
      open -= 1;
    }
  });
  const probes: (number | undefined)[] = [];
  do probes.push((await ask(port, '/healthz'))[0]);
  while (open > 0);
  const answers = await Promise.all(searches);
  expect(probes).toEqual(Array.from(probes, () => 200));
  // The first one was sent after all searches, and answered before the last of them: it does not wait behind them.
  expect(probes.length).toBeGreaterThan(1);
  expect(answers.map(([status, body]) => [status, JSON.parse(body).total])).toEqual(
    Array.from({ length: 30 }, () => [200, 1]),
  );
});
