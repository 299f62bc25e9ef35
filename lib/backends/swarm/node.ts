import { type LabelSet, mapLabels, withoutEmpty } from '../../targets/group.ts';
import { labels } from './labels.ts';
import { findRow, type NodeRows, type Row, wrongRow } from './rows.ts';

/** A node as its rows tell. */
export interface SwarmNode {
  /** Where its engine is: a name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly labels: LabelSet;
}

/** What the text of a row becomes; undefined when it is not `form`. */
interface RowReader {
  readonly form: string;
  readonly read: (text: string) => LabelSet | undefined;
}

/** Rows below a node, each of which may be missing; others are left alone. Source: cluster.Info of Swarm 1.0 to 1.2. */
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

/** Reads the rows of the node that is the `ordinal`-th of the list; throws `malformed` with the row that is wrong. */
export function readNode({ node, children }: NodeRows, ordinal: number): SwarmNode {
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

/** A text as it is; `nothing` stands for none. */
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

/** Bytes of a size as go-units writes it: four digits at most and a power of 1024. */
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
 * Swarm joins labels by `, ` and escapes nothing. So a part counts as a new label when it begins with a name and `=`;
 * else it belongs to the value before it, which had a comma in it.
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
