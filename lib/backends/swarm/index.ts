import type { z } from 'zod';
import { MusterError, toMusterError } from '../../base/errors.ts';
import * as field from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { httpSdConfig, ownFields, serverList } from '../../config/sd-config.ts';
import { askInTurn } from '../../http/servers.ts';
import { bareHost, portOf, shownUrl } from '../../http/url-text.ts';
import { type LabelSet, mapLabels, type TargetGroup, targetAt, withoutEmpty } from '../../targets/group.ts';
import { type Mechanism, serverNames } from '../mechanism.ts';
import { findRow, type NodeRows, type Row, type SwarmInfo, splitRows, swarmInfo, wrongRow } from './rows.ts';

/**
 * Labels that targets of a classic, standalone Swarm carry. The names are ours: Prometheus has no such discovery.
 * `nodeLabelPrefix` is followed by the name of an engine's label, each character that a label name cannot hold replaced
 * by `_`.
 */
const labels = {
  role: '__meta_swarm_role',
  strategy: '__meta_swarm_strategy',
  master: '__meta_swarm_master',
  nodeName: '__meta_swarm_node_name',
  nodeAddress: '__meta_swarm_node_address',
  nodeId: '__meta_swarm_node_id',
  nodeStatus: '__meta_swarm_node_status',
  nodeContainers: '__meta_swarm_node_containers',
  nodeContainersRunning: '__meta_swarm_node_containers_running',
  nodeContainersPaused: '__meta_swarm_node_containers_paused',
  nodeContainersStopped: '__meta_swarm_node_containers_stopped',
  nodeReservedCpus: '__meta_swarm_node_reserved_cpus',
  nodeTotalCpus: '__meta_swarm_node_total_cpus',
  nodeReservedMemory: '__meta_swarm_node_reserved_memory_bytes',
  nodeTotalMemory: '__meta_swarm_node_total_memory_bytes',
  nodeError: '__meta_swarm_node_error',
  nodeUpdatedAt: '__meta_swarm_node_updated_at',
  nodeServerVersion: '__meta_swarm_node_server_version',
  nodeLabelPrefix: '__meta_swarm_node_label_',
} as const;

/** An element of `swarm_sd_configs`, which only Muster has. */
export const swarmConfig = httpSdConfig('30s', {
  ...ownFields,
  masters: serverList(),
  /** Where the nodes' metrics are. */
  metrics_port: field.int({ min: 1, max: 65_535 }, 8070),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
type SwarmConfig = z.output<typeof swarmConfig>;

/**
 * Masters and nodes of a classic, standalone Swarm (1.x): one group of each. The cursor is the master that answered; it
 * is asked first next time.
 */
export const swarm: Mechanism<SwarmConfig> = {
  name: 'swarm',
  configKey: 'swarm_sd_configs',
  schema: swarmConfig,
  server: ({ masters }) => serverNames(masters),
  async *discover({ masters, metrics_port, http: httpConfig }, input) {
    const http = await input.openHttp(httpConfig);
    const { server, answer } = await askInTurn(rotate(masters, input.cursor), input, (master, attempt) =>
      http.getJson({ ...attempt, url: infoUrl(master) }, swarmInfo),
    );
    const groups = read(answer, { masters, answered: server, metricsPort: metrics_port });
    const found = groups.reduce((sum, { targets }) => sum + targets.length, 0);
    input.onProgress?.({ read: found, total: found });
    yield groups;
    return { cursor: server };
  },
};

/** All masters in their order, starting with the given one where it is among them. */
function rotate(masters: readonly string[], first: string | undefined): readonly string[] {
  const at = first === undefined ? -1 : masters.indexOf(first);
  return at < 0 ? masters : [...masters.slice(at), ...masters.slice(0, at)];
}

function infoUrl(master: string): URL {
  return new URL(`${master}/info`);
}

function read(info: SwarmInfo, context: SwarmContext): TargetGroup[] {
  try {
    return buildGroups(info, context);
  } catch (error) {
    const { kind, message } = toMusterError(error);
    throw new MusterError(kind, `GET ${shownUrl(infoUrl(context.answered))}: ${message}`, { cause: error });
  }
}

/** What targets depend on besides the answer. */
export interface SwarmContext {
  /** Base URLs of all masters. */
  readonly masters: readonly string[];
  /** The master that answered. */
  readonly answered: string;
  readonly metricsPort: number;
}

/** One group with all masters and one with all nodes. Throws `malformed` with the row that is wrong. */
export function buildGroups(
  info: SwarmInfo,
  { masters, answered, metricsPort }: SwarmContext,
): TargetGroup[] {
  const { cluster, nodes } = splitRows(info);
  const text = (name: string) => findRow(cluster, name)?.text ?? '';
  const shared = withoutEmpty({ [labels.strategy]: text('Strategy') });
  const role = text('Role');
  return [
    {
      source: 'masters',
      labels: shared,
      targets: masters.map((master) => {
        const url = new URL(master);
        // A master states only its own role.
        const own = (master === answered && role) || 'master';
        return targetAt(bareHost(url), portOf(url), { [labels.master]: master, [labels.role]: own });
      }),
    },
    {
      source: 'nodes',
      labels: { ...shared, [labels.role]: 'node' },
      targets: nodes.map((rows, index) => {
        const node = readNode(rows, index + 1);
        return targetAt(node.host, metricsPort, node.labels);
      }),
    },
  ];
}

/** A node, read from its rows. */
interface SwarmNode {
  /** Host of its engine: a name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly labels: LabelSet;
}

/** Makes labels from the text of a row; undefined when it does not have the form. */
interface RowReader {
  readonly form: string;
  readonly read: (text: string) => LabelSet | undefined;
}

/** The rows of a node that are read; each may be missing. Source: cluster.Info of Swarm 1.0 to 1.2. */
const rowReaders: Readonly<Record<string, RowReader>> = {
  ID: plain(labels.nodeId),
  Status: plain(labels.nodeStatus),
  Containers: { form: 'a number, or "3 (1 Running, 0 Paused, 2 Stopped)"', read: readContainers },
  'Reserved CPUs': {
    form: 'two numbers, "12 / 25"',
    read: (text) => readPair(text, labels.nodeReservedCpus, labels.nodeTotalCpus, readCount),
  },
  'Reserved Memory': {
    form: 'two sizes, "3.75 GiB / 132 GiB"',
    read: (text) => readPair(text, labels.nodeReservedMemory, labels.nodeTotalMemory, readBytes),
  },
  Labels: { form: 'labels, "a=1, b=2"', read: readEngineLabels },
  Error: plain(labels.nodeError, '(none)'),
  UpdatedAt: { form: 'a time, "2016-04-05T09:22:57Z"', read: readTime },
  ServerVersion: plain(labels.nodeServerVersion),
};

/** Reads a node; `ordinal` is its number in the list, from 1. Throws `malformed` with the row that is wrong. */
function readNode({ node, children }: NodeRows, ordinal: number): SwarmNode {
  const title = `node ${ordinal}`;
  const host = hostOf(node.text);
  if (host === undefined) throw wrongRow(node, 'must be host:port', title);
  const own = Object.entries(rowReaders).map(([name, reader]) => readChild(children, name, reader, title));
  const known = { [labels.nodeName]: node.name === '(unknown)' ? '' : node.name };
  return { host, labels: withoutEmpty(Object.assign(known, { [labels.nodeAddress]: node.text }, ...own)) };
}

function readChild(
  children: readonly Row[],
  name: string,
  { form, read }: RowReader,
  title: string,
): LabelSet {
  const row = findRow(children, name);
  if (row === undefined) return {};
  const found = read(row.text);
  if (found === undefined) throw wrongRow(row, `must be ${form}`, `${name} of ${title}`);
  return found;
}

function hostOf(address: string): string | undefined {
  const { host, v6, port } = addressSyntax.exec(address)?.groups ?? {};
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? (v6 ?? host) : undefined;
}

const addressSyntax = /^(?:\[(?<v6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?<host>[^\s:/[\]@]+)):(?<port>\d{1,5})$/;

/** The text as it is; `nothing` is a text that means no value. */
function plain(label: string, nothing = ''): RowReader {
  return { form: 'a text', read: (text) => ({ [label]: text === nothing ? '' : text }) };
}

function readContainers(text: string): LabelSet | undefined {
  const found = /^(\d+)(?: \((\d+) Running, (\d+) Paused, (\d+) Stopped\))?$/.exec(text);
  if (found === null) return undefined;
  const [, all = '', running = '', paused = '', stopped = ''] = found;
  return {
    [labels.nodeContainers]: all,
    [labels.nodeContainersRunning]: running,
    [labels.nodeContainersPaused]: paused,
    [labels.nodeContainersStopped]: stopped,
  };
}

function readPair(
  text: string,
  reserved: string,
  total: string,
  read: (text: string) => string | undefined,
): LabelSet | undefined {
  const [first, second, ...more] = text.split(' / ').map(read);
  if (first === undefined || second === undefined || more.length > 0) return undefined;
  return { [reserved]: first, [total]: second };
}

function readCount(text: string): string | undefined {
  return /^\d+$/.test(text) ? text : undefined;
}

/** The bytes of a size as go-units writes it: at most four digits, and a power of 1024. */
function readBytes(text: string): string | undefined {
  const found = /^(\d{1,4})(?:\.(\d{1,3}))? ?(B|KiB|MiB|GiB|TiB|PiB|EiB)$/.exec(text);
  if (found === null) return undefined;
  const [, whole = '', fraction = '', unit = ''] = found;
  const scale = 10n ** BigInt(fraction.length);
  const bytes = BigInt(whole + fraction) << BigInt(10 * units.indexOf(unit));
  return String((bytes + scale / 2n) / scale);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/**
 * Swarm joins labels with `, ` and escapes nothing. So a part that begins with a name and `=` is a new label; any other
 * part belongs to the value before it, which had a comma in it.
 */
function readEngineLabels(text: string): LabelSet | undefined {
  if (text === '') return {};
  const [first = '', ...others] = text.split(', ');
  if (!/^[^=]+=/.test(first)) return undefined;
  const joined = [first];
  for (const part of others) {
    if (/^[\p{L}\p{N}_./-]+=/u.test(part)) joined.push(part);
    else joined.push(`${joined.pop()}, ${part}`);
  }
  const pairs = joined.map((label) => {
    const at = label.indexOf('=');
    return [label.slice(0, at), label.slice(at + 1)] as const;
  });
  return mapLabels(labels.nodeLabelPrefix, new Map(pairs));
}

function readTime(text: string): LabelSet | undefined {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  return isTime && !Number.isNaN(Date.parse(text)) ? { [labels.nodeUpdatedAt]: text } : undefined;
}

/** The keys of `swarm_sd_configs`. */
export const swarmTexts: KeyTexts = {
  masters: ['URLs of all masters.', ['http://swarm-1.internal:3375']],
  metrics_port: ["Port of the nodes' metrics.", 9323],
};
