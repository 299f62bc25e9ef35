import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../lib/sim/random.ts';
import { createDnsFaults, type DnsFaults } from './dns-faults.ts';
import { type DnsQuestion, type DnsReply, decodeQuestion } from './dns-wire.ts';
import { churnDnsWorld, type DnsWorld, type DnsWorldSize, makeDnsWorld } from './dns-world.ts';

export interface DnsFleetOptions extends DnsWorldSize {
  /** Loopback address. Default 127.0.0.1. */
  readonly address?: string;
  /** Port of both UDP and TCP. Default: any free one. */
  readonly port?: number;
}

/** A running simulated DNS server. */
export interface DnsFleet {
  /** `127.0.0.1:<port>` */
  readonly server: string;
  readonly faults: DnsFaults;
  /** All questions so far, oldest first. */
  readonly questions: readonly DnsQuestion[];
  world(): DnsWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: DnsWorld): void;
  /** Connections over TCP that are open now. */
  connections(): number;
  /** Cuts all connections and frees the port. */
  stop(): Promise<void>;
}

/** A DNS server on loopback with a seeded zone, for the demo and the tests. */
export async function startDnsFleet(options: DnsFleetOptions): Promise<DnsFleet> {
  let world = makeDnsWorld(options);
  const random = seededRandom(`${options.seed}/churn`);
  const questions: DnsQuestion[] = [];
  const { faults, reply } = createDnsFaults((question) => answer(world, question));
  const stopping = new AbortController();

  /** The bytes to send for a message, none for silence. */
  const respond = async (message: Buffer, transport: 'udp' | 'tcp') => {
    const question = decodeQuestion(message, transport);
    if (question === undefined) return [];
    questions.push(question);
    const { delay, parts } = reply(question);
    if (delay > 0) await sleep(delay, undefined, { signal: stopping.signal });
    return parts;
  };

  const { udp, tcp, port } = await listen(options.address ?? '127.0.0.1', options.port);
  udp.on('message', async (message: Buffer, peer: RemoteInfo) => {
    for (const part of await respond(message, 'udp').catch(() => [])) {
      if (!stopping.signal.aborted) udp.send(part, peer.port, peer.address);
    }
  });
  const open = new Set<Socket>();
  tcp.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
    serveStream(socket, (message) => respond(message, 'tcp')).catch(() => socket.destroy());
  });

  return {
    server: `${options.address ?? '127.0.0.1'}:${port}`,
    faults,
    questions,
    world: () => world,
    mutate(count = 1) {
      const churn = churnDnsWorld(world, random, count);
      world = churn.world;
      return churn.changes;
    },
    replace(next) {
      world = next;
    },
    connections: () => open.size,
    async stop() {
      stopping.abort();
      const closed = Promise.all([once(udp, 'close'), once(tcp, 'close')]);
      udp.close();
      tcp.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** A port that is free for both; of the two the other may be taken, so that it takes some tries. */
async function listen(
  address: string,
  wanted = 0,
): Promise<{ readonly udp: UdpSocket; readonly tcp: Server; readonly port: number }> {
  for (let tries = 1; ; tries += 1) {
    const tcp = createServer().listen(wanted, address);
    await once(tcp, 'listening');
    const bound = tcp.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : wanted;
    const udp = createSocket('udp4');
    try {
      udp.bind(port, address);
      await once(udp, 'listening');
      return { udp, tcp, port };
    } catch (error) {
      tcp.close();
      if (wanted !== 0 || tries === 5) throw error;
    }
  }
}

/** One message after another, each with its length in front; a part that is empty ends the connection. */
async function serveStream(
  socket: Socket,
  respond: (message: Buffer) => Promise<readonly Buffer[]>,
): Promise<void> {
  let received = Buffer.alloc(0);
  for await (const part of socket) {
    received = Buffer.concat([received, part]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      for (const bytes of await respond(message)) {
        if (bytes.length === 0) return void socket.destroy();
        socket.write(bytes);
      }
    }
  }
}

/** What the world says: REFUSED outside of its zones, aliases followed inside of them. */
function answer({ zones, records }: DnsWorld, { name, type }: DnsQuestion): DnsReply {
  const inside = zones.some((zone) => name === zone || name.endsWith(`.${zone}`));
  if (!inside) return { code: 5, records: [], authoritative: false };
  const exists = records.some((each) => each.name === name || each.name.endsWith(`.${name}`));
  const found: DnsReply['records'][number][] = [];
  for (let at: string | undefined = name, steps = 0; at !== undefined && steps < 8; steps += 1) {
    const here = records.filter((each) => each.name === at);
    const alias = here.find((each) => each.type === 'CNAME');
    found.push(...(alias === undefined ? here.filter((each) => each.type === type) : [alias]));
    at = alias?.type === 'CNAME' ? alias.target : undefined;
  }
  return { code: exists ? 0 : 3, records: found, authoritative: true };
}
