import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createFrames,
  decodeHeader,
  encodeConnect,
  encodeRequest,
  jute,
  readJute,
} from '../../lib/backends/zookeeper/wire.ts';
import { startProcess } from './process.ts';
import { requireProgram } from './programs.ts';

/** A real ZooKeeper server, alone and empty but for what it needs itself. */
export interface RealZookeeper {
  /** `127.0.0.1:<port>` */
  readonly server: string;
  /** Makes nodes, whose parents must be there or come before them. */
  create(
    nodes: Iterable<readonly [path: string, data: string | Uint8Array]>,
    options?: NodeOptions,
  ): Promise<void>;
  remove(paths: Iterable<string>): Promise<void>;
  /** How many clients are connected and how many sessions are open, by its own account. */
  counts(): Promise<{ readonly connections: number; readonly sessions: number }>;
  stop(): Promise<void>;
}

interface NodeOptions {
  /** Others may read them. Default: yes. */
  readonly readable?: boolean;
}

const jars = [
  'zookeeper',
  'zookeeper-jute',
  'slf4j-api',
  'slf4j-nop',
  'metrics-core',
  'commons-io',
  'snappy-java',
];
const everything = 31;
const withoutReading = 30;

/** Starts ZooKeeper on loopback; ends when it answers. */
export async function startZookeeper(): Promise<RealZookeeper> {
  const folder = await mkdtemp(join(tmpdir(), 'zookeeper-'));
  const configOf = (port: number | undefined) =>
    [
      ...[`dataDir=${folder}`, `clientPort=${port}`, 'clientPortAddress=127.0.0.1', 'maxClientCnxns=0'],
      ...['tickTime=500', 'admin.enableServer=false', '4lw.commands.whitelist=mntr'],
    ].join('\n');
  const classPath = jars.map((jar) => join(dirname(requireProgram('zookeeper')), `${jar}.jar`)).join(':');
  const running = await startProcess({
    command: '/bin/sh',
    // The configuration names the port, which is known here at last.
    args: ([port]) => [
      ...[
        '-c',
        'printf %s "$1" >"$2" && shift 2 && exec "$@"',
        'sh',
        configOf(port),
        join(folder, 'zoo.cfg'),
      ],
      ...[
        requireProgram('java'),
        '-Xmx128m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        classPath,
      ],
      ...['org.apache.zookeeper.server.ZooKeeperServerMain', join(folder, 'zoo.cfg')],
    ],
    // It says that it is well before it takes sessions.
    ready: async ([port = 0]) => (await ask(port, 'mntr')).includes('zk_server_state'),
  });
  const [port = 0] = running.ports;

  return {
    server: `127.0.0.1:${port}`,
    create(nodes, { readable = true } = {}) {
      const rights = [readable ? everything : withoutReading].flatMap((each) => [
        ...[jute.int(1), jute.int(each), jute.text('world'), jute.text('anyone'), jute.int(0)],
      ]);
      const requests = [...nodes].map(([path, data], index) =>
        encodeRequest(index + 1, 1, jute.text(path), jute.buffer(Buffer.from(data)), ...rights),
      );
      return change(port, requests);
    },
    remove: (paths) =>
      change(
        port,
        [...paths].map((path, index) => encodeRequest(index + 1, 2, jute.text(path), jute.int(-1))),
      ),
    async counts() {
      const metrics = new Map((await ask(port, 'mntr')).split('\n').map((line) => splitLine(line)));
      return {
        // One of them is the one that asks.
        connections: Number(metrics.get('zk_num_alive_connections')) - 1,
        sessions: Number(metrics.get('zk_global_sessions')),
      };
    },
    async stop() {
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}

function splitLine(line: string): readonly [string, string] {
  const [name = '', value = ''] = line.split('\t');
  return [name, value];
}

/**
 * The answer to one of ZooKeeper's four letters; empty where nobody answers. A server that is asked in the moment in
 * which it starts keeps the connection and says nothing, for ever.
 */
function ask(port: number, letters: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection(port, '127.0.0.1', () => socket.write(letters));
    socket.setTimeout(2_000, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(answer));
  });
}

/** Sends the requests in one session; throws at the first that the server refuses. */
async function change(port: number, requests: readonly Buffer[]): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  socket.setTimeout(30_000, () => socket.destroy());
  const cut = createFrames(() => 2 ** 20);
  let left = requests.length + 1;
  socket.write(encodeConnect(10_000));
  for await (const part of socket) {
    for (const message of cut(part)) {
      // The greeting comes first; ZooKeeper drops what is asked before it.
      if (left > requests.length) socket.write(Buffer.concat(requests));
      else checkReply(message);
      left -= 1;
    }
    if (left === 0) socket.end(encodeRequest(0, -11));
  }
  if (left > 0) throw new Error(`ZooKeeper hung up before ${left} answers`);
}

function checkReply(message: Buffer): void {
  const { xid, error } = decodeHeader(readJute(message));
  if (error !== 0) throw new Error(`ZooKeeper refuses request ${xid}: error ${error}`);
}
