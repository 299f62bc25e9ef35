import { Resolver } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startProcess } from './process.ts';
import { requireProgram } from './programs.ts';

/** A real name server. */
export interface Nsd {
  /** `127.0.0.1:<port>` */
  readonly server: string;
  stop(): Promise<void>;
}

export interface NsdOptions {
  /** Zone files by the zones' names. One without text is a zone that could not be loaded: its answers are SERVFAIL. */
  readonly zones: Readonly<Record<string, string | undefined>>;
  /** An address of this machine on which it listens on port 53 as well; root alone may have that. */
  readonly address?: string;
}

/** Starts NSD on loopback; it answers for its zones and refuses all else. */
export async function startNsd({ zones, address }: NsdOptions): Promise<Nsd> {
  const folder = await mkdtemp(join(tmpdir(), 'nsd-'));
  const program = requireProgram('nsd');
  const files = Object.entries(zones).map(([zone, text], index) => ({ zone, text, file: `${index}.zone` }));
  for (const { text, file } of files) if (text !== undefined) await writeFile(join(folder, file), text);
  const configOf = (port: number | undefined) =>
    [
      ...['server:', `  ip-address: 127.0.0.1@${port}`],
      ...(address === undefined ? [] : [`  ip-address: ${address}@53`]),
      ...['username', 'chroot', 'database', 'cookie-secret-file'].map((key) => `  ${key}: ""`),
      ...['pidfile', 'xfrdfile', 'zonelistfile'].map((key) => `  ${key}: "${join(folder, key)}"`),
      ...['zonesdir', 'xfrdir'].map((key) => `  ${key}: "${folder}"`),
      ...['  rrl-ratelimit: 0', '  server-count: 1', 'remote-control:', '  control-enable: no'],
      ...files.flatMap(({ zone, file }) => ['zone:', `  name: "${zone}"`, `  zonefile: "${file}"`]),
    ].join('\n');

  const running = await startProcess({
    command: '/bin/sh',
    // The configuration names the port, which is known here at last.
    args: ([port]) => [
      ...['-c', 'printf %s "$1" >"$2" && exec "$3" -d -c "$2"', 'sh'],
      ...[configOf(port), join(folder, 'nsd.conf'), program],
    ],
    env: { LD_LIBRARY_PATH: join(dirname(program), '../lib/x86_64-linux-gnu') },
    ready: async ([port = 0]) => await answers(port),
  });
  return {
    server: `127.0.0.1:${running.ports[0]}`,
    async stop() {
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Whether it answers, be it with a refusal: it listens before it has read its zones. */
async function answers(port: number): Promise<boolean> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return await resolver.resolveNs('none.invalid').then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'EREFUSED' || error.code === 'ENOTFOUND',
  );
}
