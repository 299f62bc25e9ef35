import { mapConcurrent } from '../../base/concurrency.ts';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { askInTurn, shuffled } from '../../http/servers.ts';
import type { MechanismInput } from '../mechanism.ts';
import type { ZookeeperConfig, ZookeeperServer } from './schema.ts';
import { openSession, type ZookeeperSession } from './session.ts';

/** What is made of one node. */
export type Visit<Result> = (path: string, data: Buffer, isLeaf: boolean) => Result;

/** All nodes below the configured paths. */
export interface Trees<Result> {
  readonly nodes: readonly Result[];
  /** Those of the paths where there is no node. */
  readonly missing: readonly string[];
}

/** Nodes asked for at once, on one connection. */
const concurrency = 64;

/** Failures after which another server may do better. Rights, for one, are the same on all of them. */
const serversOwn: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'malformed', 'expired']);

/**
 * Reads all nodes at and below the paths, in one session with one server, which is closed again. The servers are tried
 * in random order, so that they share the load; whichever fails, the next one starts anew.
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
      if (serversOwn.has(failure.kind)) throw failure;
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
    // A server may lag behind the others: without this, a list could be older than the last one.
    await session.sync();
    const nodes: Result[] = [];
    const found = new Set<string>();
    const top = [...new Set(paths)];
    for (let level: readonly string[] = top; level.length > 0; ) {
      const below = await mapConcurrent(level, concurrency, signal, async (path) => {
        const node = await readNode(session, path);
        // One that went away between its parent's answer and its own is no part of the tree any more.
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
  // Most nodes are members, which have none: that saves half of the questions.
  const names = node.children === 0 ? [] : ((await session.list(path)) ?? []);
  const prefix = path === '/' ? '' : path;
  return { data: node.data, children: names.map((name) => `${prefix}/${name}`) };
}
