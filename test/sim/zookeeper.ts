import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../lib/sim/random.ts';
import { createProtocolFaults } from './protocol-faults.ts';
import { spoilMessage, type ZookeeperFault, type ZookeeperFaults } from './zookeeper-faults.ts';
import {
  decodeRequest,
  encodeGreeting,
  encodeReply,
  stat,
  text,
  texts,
  type ZookeeperReply,
  type ZookeeperRequest,
} from './zookeeper-wire.ts';
import {
  churnZookeeperWorld,
  makeZookeeperWorld,
  type ZookeeperWorld,
  type ZookeeperWorldSize,
} from './zookeeper-world.ts';

export interface ZookeeperFleetOptions extends ZookeeperWorldSize {
  /** Loopback port. Default: any free one. */
  readonly port?: number;
}

/** A running simulated ZooKeeper server. */
export interface ZookeeperFleet {
  /** `127.0.0.1:<port>` */
  readonly server: string;
  readonly faults: ZookeeperFaults;
  /** All requests so far, oldest first. */
  readonly requests: readonly ZookeeperRequest[];
  world(): ZookeeperWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: ZookeeperWorld): void;
  /** Connections that are open now. */
  connections(): number;
  /** Sessions that were opened and never closed by their client. */
  leftSessions(): number;
  /** Cuts all connections and frees the port. */
  stop(): Promise<void>;
}

/** A ZooKeeper server on loopback, with what a client that reads needs, for the demo and the tests. */
export async function startZookeeperFleet(options: ZookeeperFleetOptions): Promise<ZookeeperFleet> {
  let world = makeZookeeperWorld(options);
  let children = childrenOf(world);
  const random = seededRandom(`${options.seed}/churn`);
  const requests: ZookeeperRequest[] = [];
  const { faults, strike } = createProtocolFaults<ZookeeperRequest, ZookeeperFault>();
  const stopping = new AbortController();
  const open = new Set<Socket>();
  let sessions = 0;

  const put = (next: ZookeeperWorld) => {
    world = next;
    children = childrenOf(next);
  };
  const serve = async (socket: Socket) => {
    let first = true;
    let muted = false;
    for await (const message of messagesOf(socket)) {
      const request = decodeRequest(message, first);
      requests.push(request);
      const fault = strike(request);
      const whole = first
        ? encodeGreeting(fault?.kind === 'refused' ? 0 : requests.length, message.readInt32BE(12))
        : encodeReply(
            request,
            fault?.kind === 'error' ? { error: fault.code } : answer(world, children, request),
          );
      if (first && fault === undefined) sessions += 1;
      if (request.operation === 'closeSession') sessions -= 1;
      first = false;
      const { delay, bytes, filler, hangUp } = spoilMessage(whole, fault);
      if (delay > 0) await sleep(delay, undefined, { signal: stopping.signal });
      if (muted) continue;
      muted = fault?.kind === 'stall';
      socket.write(bytes);
      for (let left = filler; left > 0 && !socket.destroyed; left -= chunk.length) {
        if (!socket.write(chunk)) await once(socket, 'drain');
      }
      // A client cannot close the session of a connection that is gone.
      if (hangUp && request.operation !== 'connect') sessions -= 1;
      if (hangUp || request.operation === 'closeSession') socket.end();
    }
  };

  const listener = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
    serve(socket).catch(() => socket.destroy());
  });
  listener.listen(options.port ?? 0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();

  return {
    server: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    faults,
    requests,
    world: () => world,
    mutate(count = 1) {
      const churn = churnZookeeperWorld(world, random, count);
      put(churn.world);
      return churn.changes;
    },
    replace: put,
    connections: () => open.size,
    leftSessions: () => sessions,
    async stop() {
      stopping.abort();
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

const chunk = Buffer.alloc(64 * 1024, ' ');

/** Each message without its length, which stands in front. */
async function* messagesOf(socket: Socket): AsyncGenerator<Buffer> {
  let received = Buffer.alloc(0);
  for await (const part of socket) {
    received = Buffer.concat([received, part]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const end = 4 + received.readInt32BE(0);
      yield received.subarray(4, end);
      received = received.subarray(end);
    }
  }
}

type Children = ReadonlyMap<string, readonly string[]>;

/** Names of each node's children. */
function childrenOf(world: ZookeeperWorld): Children {
  const paths = [...world.keys()].filter((path) => path !== '/');
  const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';
  const grouped = Map.groupBy(paths, parentOf);
  return new Map(
    [...grouped].map(([parent, all]) => [parent, all.map((path) => path.slice(path.lastIndexOf('/') + 1))]),
  );
}

const noNode = -101;
const unimplemented = -6;

function answer(world: ZookeeperWorld, children: Children, request: ZookeeperRequest): ZookeeperReply {
  const { operation, path } = request;
  if (operation === 'ping' || operation === 'closeSession') return { error: 0 };
  if (operation === 'sync') return { error: 0, body: text(path) };
  const data = world.get(path);
  if (data === undefined) return { error: noNode };
  const names = children.get(path) ?? [];
  const about = stat(Buffer.byteLength(data), names.length);
  switch (operation) {
    case 'exists':
      return { error: 0, body: about };
    case 'getData':
      return { error: 0, body: Buffer.concat([text(data), about]) };
    case 'getChildren':
      return { error: 0, body: texts(names) };
    case 'getChildren2':
      return { error: 0, body: Buffer.concat([texts(names), about]) };
    default:
      return { error: unimplemented };
  }
}
