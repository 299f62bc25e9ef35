import { mapConcurrent } from '../../base/concurrency.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { askInTurn, shuffled } from '../../http/servers.ts';
import type { MechanismInput } from '../mechanism.ts';
import type { ZookeeperConfig, ZookeeperServer } from './schema.ts';
import { openSession, type ZookeeperSession } from './session.ts';

/** Makes the result of one node. */
export type Visit<Result> = (path: string, data: Buffer, isLeaf: boolean) => Result;

/** All nodes below the configured paths. */
export interface Trees<Result> {
  readonly nodes: readonly Result[];
  /** The configured paths that do not exist. */
  readonly missing: readonly string[];
}

/** Nodes that are read at once, on one connection. */
const concurrency = 64;

/** Failures of one server. Others, such as missing rights, are the same on all servers. */
const failuresOfServer: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'malformed', 'expired']);

/**
 * Reads all nodes at and below the paths, in one session with one server, and closes the session. The servers are tried
 * in random order, so that they share the load; when one fails, the next one starts from the beginning. Throws what
 * `openSession` and its calls throw.
 */
export async function readTrees<Result>(
  config: ZookeeperConfig,
  input: MechanismInput,
  visit: Visit<Result>,
): Promise<Trees<Result>> {
  const { answer } = await askInTurn(shuffled(config.servers), input, async (server, { signal }) => {
    try {
      return await readFrom(server, config, { ...input, signal }, visit);
    } catch (error) {
      const failure = toMusterError(error);
      if (failuresOfServer.has(failure.kind)) throw failure;
      return failure;
    }
  });
  if (answer instanceof MusterError) throw answer;
  return answer;
}

async function readFrom<Result>(
  server: ZookeeperServer,
  { paths, timeout }: ZookeeperConfig,
  { signal, onProgress }: MechanismInput,
  visit: Visit<Result>,
): Promise<Trees<Result>> {
  const session = await openSession(server, { timeout, signal });
  try {
    // A server may lag behind the others: without this, a list could be older than the one before it.
    await session.sync();
    const nodes: Result[] = [];
    const found = new Set<string>();
    const top = [...new Set(paths)];
    for (let level: readonly string[] = top; level.length > 0; ) {
      const below = await mapConcurrent(level, concurrency, signal, async (path) => {
        const node = await readNode(session, path);
        // A node that went away after its parent was read has left the tree.
        if (node === undefined) return [];
        found.add(path);
        nodes.push(visit(path, node.data, node.children.length === 0));
        onProgress?.({ read: nodes.length });
        return node.children;
      });
      level = below.flat();
    }
    return { nodes, missing: top.filter((path) => !found.has(path)) };
  } finally {
    await session.close();
  }
}

/** A node with the paths of its children. */
async function readNode(
  session: ZookeeperSession,
  path: string,
): Promise<{ readonly data: Buffer; readonly children: readonly string[] } | undefined> {
  const node = await session.read(path);
  if (node === undefined) return undefined;
  // Most nodes are members, which have no children: this saves half of the requests.
  const names = node.children === 0 ? [] : ((await session.list(path)) ?? []);
  const prefix = path === '/' ? '' : path;
  return { data: node.data, children: names.map((name) => `${prefix}/${name}`) };
}
