import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireProgram } from './find-program.ts';

/** A real Docker Engine of a test's own. */
export interface RealDockerd {
  /** Path of its Unix socket. */
  readonly socketPath: string;
  /** One call, e.g. `POST /networks/create`; gives the JSON of the answer and throws with what Docker says. */
  call(method: 'GET' | 'POST', path: string, body?: object | Uint8Array): Promise<unknown>;
  /** Kills it with all that it started and removes its files. */
  stop(): Promise<void>;
}

/** Whether this process may give programs namespaces of their own, as root does; without that there is no dockerd. */
export function canRunDockerd(): boolean {
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', '--mount-proc', 'true'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** Starts dockerd with nothing in it but a busybox, for the image `box`; see dockerd.sh for what keeps it apart. */
export async function startDockerd(): Promise<RealDockerd> {
  const programs = join(dirname(requireProgram('dockerd')), '../..');
  const folder = await mkdtemp(join(tmpdir(), 'muster-dockerd-'));
  const script = join(import.meta.dirname, 'dockerd.sh');
  const child = spawn('/bin/sh', [script, programs, folder], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      printed = (printed + chunk).slice(-20_000);
    });

  const socketPath = join(folder, 'docker.sock');
  const call: RealDockerd['call'] = (method, path, body) => callSocket(socketPath, method, path, body);
  const stop = async () => {
    child.stdio[3]?.destroy();
    const [code] = await ended;
    if (code !== 0) throw new Error(`dockerd.sh ended with ${code}; it printed:\n${printed}`);
  };
  const giveUpAt = Date.now() + 120_000;
  while (!(await answers(call))) {
    if (child.exitCode === null && Date.now() < giveUpAt) {
      await sleep(50);
      continue;
    }
    await stop();
    throw new Error(`dockerd did not become ready; it printed:\n${printed}`);
  }
  await call(
    'POST',
    '/images/create?fromSrc=-&repo=box&tag=1&changes=EXPOSE%208080%2Ftcp',
    await boxImage(programs),
  );
  return { socketPath, call, stop };
}

/** An image of busybox alone, as a tar file. */
async function boxImage(programs: string): Promise<Uint8Array> {
  return execFileSync('tar', ['-C', join(programs, 'bin'), '--transform', 's,^,bin/,', '-c', 'busybox'], {
    maxBuffer: 64 * 1024 * 1024,
  });
}

async function answers(call: RealDockerd['call']): Promise<boolean> {
  try {
    await call('GET', '/info');
    return true;
  } catch {
    return false;
  }
}

async function callSocket(
  socketPath: string,
  method: string,
  path: string,
  body?: object | Uint8Array,
): Promise<unknown> {
  const isRaw = body instanceof Uint8Array;
  const outgoing = request({
    socketPath,
    method,
    path,
    headers: { host: 'docker', 'content-type': isRaw ? 'application/x-tar' : 'application/json' },
  });
  outgoing.end(isRaw ? body : body && JSON.stringify(body));
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
  outgoing.setTimeout(60_000, () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
  outgoing.once('error', reject);
  outgoing.once('response', (incoming) => {
    text(incoming).then((answer) => resolve([incoming.statusCode ?? 0, answer]), reject);
  });
  const [status, answer] = await promise;
  if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${answer}`);
  const [line = ''] = answer.split('\n', 1);
  return line.startsWith('{') || line.startsWith('[') || line.startsWith('"') ? JSON.parse(line) : line;
}
