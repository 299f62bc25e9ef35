import { heedSignals, onAbort } from '../../base/deadlines.ts';
import { MusterError } from '../../base/errors.ts';
import { backendNames } from '../listing.ts';
import type { GroupMember, Mechanism, MechanismInput, TargetListing } from '../mechanism.ts';
import type { Connection } from './connection/connection.ts';
import { namespacesOf, openConnection, uidOfCluster } from './connection/open.ts';
import { labelsSince } from './labels.ts';
import { type Lister, listSource, openLister, type ShareList } from './listing/lister.ts';
import { openSharedLists, type SharedLists } from './listing/shared-lists.ts';
import { streamConcurrent } from './listing/stream.ts';
import { listRole } from './roles/list-role.ts';
import type { RoleListing } from './roles/read.ts';
import { type KubernetesConfig, kubernetesConfig, newerKeys } from './schema.ts';

/** Namespaces that are listed at the same time. An API server limits the concurrent requests of a client. */
const concurrency = 4;

/** The mechanism for Kubernetes: a group for each node, service, pod, endpoints object or ingress that has targets. */
export const kubernetes: Mechanism<KubernetesConfig> = {
  name: 'kubernetes',
  configKey: 'kubernetes_sd_configs',
  schema: kubernetesConfig,
  incidental: ['attach_metadata', 'muster.page_size', 'muster.compression'],
  differing: ['role', 'selectors', 'attach_metadata'],
  labelsSince,
  newerKeys,
  server: ({ api_server, kubeconfig_file, muster: { eks } }) => {
    if (api_server !== undefined) return api_server.href.replace(/\/+$/, '');
    if (kubeconfig_file !== undefined) return `kubeconfig ${kubeconfig_file}`;
    return eks === undefined ? 'in-cluster' : `eks ${eks.region}/${eks.cluster}`;
  },
  async *discover(config, input) {
    const namespaces = await namespacesFor(config, input.signal);
    const connection = await openConnection(config, input);
    const askUid: Whole['askUid'] = (signal) => uidOfCluster(connection, signal);
    return yield* listNamespaces(openRole({ config, input }, connection), { namespaces, askUid }, input);
  },
  discoverTogether(members, common) {
    const opened = lazily(() => openTogether(members, common));
    return members.map((member) => listMember(member, opened));
  },
};

async function namespacesFor(config: KubernetesConfig, signal: AbortSignal): Promise<readonly string[]> {
  return config.role === 'node' ? [''] : await namespacesOf(config, signal);
}

/** The listing of a role that is ready to start. */
interface OpenRole extends RoleListing {
  readonly lister: Lister;
}

function openRole(
  { config, input }: GroupMember<KubernetesConfig>,
  connection: Connection,
  share?: ShareList,
): OpenRole {
  const { cursor, onProgress, warn } = input;
  const { page_size: pageSize, compression } = config.muster;
  const lister = openLister(connection, { pageSize, compression, warn, cursor, onProgress, share });
  return { ...listRole[config.role]({ config, lister, warn, prometheus: input.prometheus }), lister };
}

/** Which namespaces a listing covers, and how it learns the uid of the cluster. */
interface Whole {
  readonly namespaces: readonly string[];
  readonly askUid: (signal: AbortSignal) => Promise<readonly string[]>;
}

async function* listNamespaces(
  { list, lister }: OpenRole,
  { namespaces, askUid }: Whole,
  { signal }: MechanismInput,
): TargetListing {
  yield* streamConcurrent(namespaces, concurrency, signal, list);
  return { cursor: lister.cursor(), ...(await backendNames(signal, askUid)) };
}

/** The listings of a group, over one connection. */
type OpenGroup = ReadonlyMap<GroupMember<KubernetesConfig>, OpenRole & Whole>;

async function openTogether(
  members: readonly GroupMember<KubernetesConfig>[],
  common: MechanismInput,
): Promise<OpenGroup> {
  const [first] = members;
  if (first === undefined) return new Map();
  const connection = await openConnection(first.config, common);
  const uid = lazily(() => uidOfCluster(connection, common.signal));
  const askUid: Whole['askUid'] = (signal) =>
    heedSignals(uid(), [signal], 'before the uid of the cluster was read');
  // The lists that are shared follow from the queries of all roles, so the roles are opened before the lists.
  let lists: SharedLists | undefined;
  const entries = members.map(async (member, index) => {
    const namespaces = await namespacesFor(member.config, common.signal);
    const role = openRole(member, connection, (...list) => lists?.of(index)(...list));
    return [member, { ...role, namespaces, askUid }] as const;
  });
  const group = new Map(await Promise.all(entries));
  const { page_size: pageSize, compression } = first.config.muster;
  const queries = [...group.values()].map((one) => one.namespaces.flatMap(one.queries));
  const opened = openSharedLists(listSource(connection, { pageSize, compression }), queries);
  // No list waits for a listing that has ended, even if it ended before the list started.
  for (const [index, { input }] of members.entries()) onAbort([input.signal], () => opened.leave(index));
  lists = opened;
  return group;
}

/** Lists one member of a group. Its signal fires when nobody reads the listing any more. */
async function* listMember(
  member: GroupMember<KubernetesConfig>,
  opened: () => Promise<OpenGroup>,
): TargetListing {
  const { input } = member;
  const group = await heedSignals(opened(), [input.signal], 'before targets were listed');
  const own = group.get(member);
  if (own === undefined) throw new MusterError('internal', 'a listing is not in its group');
  return yield* listNamespaces(own, own, input);
}

/** Makes a value for the first caller, and returns the same one to all. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
