import type { Sharing } from '../run/providers.ts';
import { functionLimits, groupsOf } from '../run/together.ts';
import { type Price, prices, secondsOfMonth } from './prices.ts';
import { extraCycles, longestGap, periodOf, ticksOfMonth } from './schedule.ts';

/** One line of a bill: a quantity in a month of 730 hours. */
export interface CostRow {
  readonly what: string;
  readonly quantity: number;
  readonly price: Price;
  /** US dollars a month. */
  readonly dollars: number;
}

/** The inputs of the costs of a deployment: its tasks, its bucket, and its settings. */
export interface CostInput {
  readonly tasks: readonly CostTask[];
  /** Bytes that the bucket holds, without versions that were replaced. */
  readonly stored: number;
  readonly deployment: Deployment;
}

/** A provider or a kube-state output. Sizes are bytes. */
export interface CostTask {
  /** The mechanism, or `kube-state`. */
  readonly backend: string;
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  /** Seconds that a cycle takes. Absent if it has no status: then `presetSeconds` counts. */
  readonly seconds?: number | undefined;
  /** Absent if it has no status. */
  readonly targets?: number | undefined;
  /** For a provider. */
  readonly sharing?: Pick<Sharing, 'group' | 'listing'> | undefined;
  /** How often a month it publishes. Ignored for a kube-state output, which publishes in every cycle. */
  readonly changes: number;
  /** Bytes that every cycle writes again. */
  readonly status: number;
  /** Bytes that every change writes again: snapshot, target file, manifest, blocks that changed. */
  readonly replaced: number;
  /** Bytes that a sidecar fetches after a change. */
  readonly fetched: number;
  /** Blocks that a change writes. */
  readonly blocks: number;
}

/** The settings of a deployment that affect its costs. */
export interface Deployment {
  /** In the syntax of EventBridge. */
  readonly schedule: string;
  /** MB of every function; absent for those of serverless.yml. */
  readonly memory?: number | undefined;
  readonly sidecars: number;
  /** Where the sidecars run, seen from the bucket. */
  readonly sidecarsIn: 'same-region' | 'other-region' | 'internet';
  /** Whether the bucket has a KMS key of its own. */
  readonly kms: boolean;
  readonly dashboard: boolean;
}

/** All rows of the bill, concern by concern. A pure function. */
export function costOf(input: CostInput): readonly CostRow[] {
  const functions = functionsOf(input);
  const requests = requestsOf(functions, input);
  return [
    ...computeRows(functions),
    ...scheduleRows(functions),
    ...requestRows(requests),
    ...storageRows(functions, input),
    ...transferRows(functions, input),
    ...keyRows(requests, input),
    ...logRows(functions),
    ...watchRows(functions, input),
  ];
}

/** US dollars a month of all rows. */
export function sumOf(rows: readonly CostRow[]): number {
  return rows.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** The name of the function that writes kube-state outputs. */
export const kubeState = 'kube-state';

/** MB of the functions, as serverless.yml gives them; `presetMemory` for all others. */
const memories: Readonly<Record<string, number>> = {
  ...{ aws: 768, consul: 768, [kubeState]: 1024, kubernetes: 1024 },
  ...{ dns: 256, docker: 256, dockerswarm: 256, static: 256, swarm: 256 },
};
const presetMemory = 512;

/** The default memory of a backend's function in megabytes. */
export function memoryOf(backend: string): number {
  return memories[backend] ?? presetMemory;
}

/** Assumed seconds of a cycle without a status: a quiet cycle with 400 Consul instances; see docs/scale.md. */
export const presetSeconds = 0.25;

/** Seconds of an invocation apart from its cycles: it reads the configuration, and starts others. */
const invocationSeconds = 0.05;

/** What a function does in a month. */
interface FunctionUse {
  readonly backend: string;
  readonly memory: number;
  readonly ticks: number;
  readonly invocations: number;
  /** Seconds that are billed. */
  readonly seconds: number;
  /** Reads of statuses of tasks that were not due. */
  readonly looks: number;
  readonly tasks: readonly TaskUse[];
}

/** A task with its cycles and changes a month. */
interface TaskUse extends CostTask {
  readonly cycles: number;
}

function functionsOf({ tasks, deployment }: CostInput): readonly FunctionUse[] {
  return [...Map.groupBy(tasks, ({ backend }) => backend)].map(([backend, own]) =>
    functionOf(backend, own, deployment),
  );
}

function functionOf(backend: string, tasks: readonly CostTask[], deployment: Deployment): FunctionUse {
  const { schedule } = deployment;
  const memory = deployment.memory ?? memoryOf(backend);
  const ticks = ticksOfMonth(schedule);
  const targetsOf = ({ targets }: CostTask) => targets ?? Number.POSITIVE_INFINITY;
  const groups =
    backend === kubeState ? tasks.map((task) => [task]) : groupsOf(tasks, targetsOf, functionLimits(memory));
  const uses = groups.map((group) => groupUse(group, schedule));
  const runs = uses.reduce((sum, use) => sum + use.runs, 0);
  // A single group runs in the tick's own invocation.
  const invocations = groups.length > 1 ? ticks + runs : ticks;
  return {
    ...{ backend, memory, ticks, invocations },
    seconds: invocations * invocationSeconds + uses.reduce((sum, use) => sum + use.seconds, 0),
    looks: tasks.filter(({ refreshInterval }) => refreshInterval > periodOf(schedule)).length * ticks,
    tasks: uses.flatMap((use) => use.tasks),
  };
}

/** Runs of a group a month, the seconds that they take, and what each member does in them. */
function groupUse(group: readonly CostTask[], schedule: string) {
  const period = periodOf(schedule);
  const interval = Math.max(...group.map(({ refreshInterval }) => refreshInterval));
  const further = extraCycles(interval, period);
  const runsOf = group.map(({ refreshInterval }) => runsOfMonth(refreshInterval, schedule));
  const runs = Math.max(...runsOf);
  const longest = Math.max(...group.map(({ seconds }) => seconds ?? presetSeconds));
  // Between two cycles the invocation waits, and the wait is billed.
  const seconds = further === 0 ? longest : further * Math.max(interval / 1000, longest) + longest;
  const tasks = group.map((task, index): TaskUse => {
    const cycles = (runsOf[index] ?? 0) * (1 + further);
    return { ...task, cycles, changes: task.backend === kubeState ? cycles : Math.min(task.changes, cycles) };
  });
  return { runs, seconds: runs * seconds, tasks };
}

/** A task whose interval is longer than the period skips ticks, with a tolerance of half a period. */
function runsOfMonth(refreshInterval: number, schedule: string): number {
  const gap = longestGap(schedule) ?? periodOf(schedule);
  const every = Math.max(1, Math.ceil((refreshInterval - gap / 2) / gap));
  return ticksOfMonth(schedule) / every;
}

function computeRows(functions: readonly FunctionUse[]): readonly CostRow[] {
  const invocations = sum(functions, (one) => one.invocations);
  return [
    ...functions.map(({ backend, memory, seconds }) =>
      row(`Lambda ${backend}, ${memory} MB`, (seconds * memory) / 1024, prices.compute),
    ),
    row('Lambda invocations', invocations, prices.invocation),
  ];
}

function scheduleRows(functions: readonly FunctionUse[]): readonly CostRow[] {
  return [
    row(
      'schedules',
      sum(functions, ({ ticks }) => ticks),
      prices.tick,
    ),
  ];
}

/** Requests to S3, as a test counts them. Reads are GET and HEAD, writes PUT and LIST. */
export const requestsEach = {
  /** For the configuration, in each invocation. */
  invocation: { reads: 1, writes: 0 },
  /** For a cycle that finds nothing new. */
  cycle: { reads: 4, writes: 1 },
  /** What a change adds, apart from a write for each block. */
  change: { reads: 3, writes: 3 },
  /** For the cycle of a kube-state output. */
  output: { reads: 2, writes: 2 },
} as const;

/** Seconds between two looks for what left the configuration, each a LIST. */
const retirementLook = 300;

/** Seconds between two rounds of a sidecar, and until it reads the status of a healthy provider again. */
const sidecar = { round: 15, statusAge: 450 } as const;

interface Requests {
  readonly functions: { readonly reads: number; readonly writes: number };
  readonly sidecars: { readonly reads: number; readonly writes: number };
}

function requestsOf(functions: readonly FunctionUse[], { deployment }: CostInput): Requests {
  const { invocation, cycle, change, output } = requestsEach;
  const tasks = functions.flatMap((one) => one.tasks);
  const of = (kind: 'reads' | 'writes') =>
    sum(functions, ({ invocations }) => invocations * invocation[kind]) +
    sum(tasks, ({ backend, cycles, changes }) =>
      backend === kubeState ? cycles * output[kind] : cycles * cycle[kind] + changes * change[kind],
    );
  const blocks = sum(tasks, (task) => task.changes * task.blocks);
  const looks = sum(functions, (one) => one.looks);
  const lists = functions.length * (secondsOfMonth / retirementLook);
  const providers = tasks.filter(({ backend }) => backend !== kubeState);
  const rounds = secondsOfMonth / sidecar.round;
  // S3 lists a thousand keys at a time.
  const pages = Math.max(1, Math.ceil(providers.length / 1000));
  const read =
    (providers.length * secondsOfMonth) / sidecar.statusAge +
    sum(tasks, (task) => task.changes * (1 + task.blocks));
  return {
    functions: { reads: of('reads') + looks, writes: of('writes') + blocks + lists },
    sidecars: { reads: deployment.sidecars * read, writes: deployment.sidecars * rounds * pages },
  };
}

function requestRows({ functions, sidecars }: Requests): readonly CostRow[] {
  return [
    row('S3 writes and lists of functions', functions.writes, prices.write),
    row('S3 reads of functions', functions.reads, prices.read),
    row('S3 lists of sidecars', sidecars.writes, prices.write),
    row('S3 reads of sidecars', sidecars.reads, prices.read),
  ];
}

/** Days that a replaced version stays: a day by the bucket's rule, which S3 rounds up to the next midnight. */
const noncurrentDays = 1.5;
const daysOfMonth = secondsOfMonth / 86_400;

function storageRows(functions: readonly FunctionUse[], { stored }: CostInput): readonly CostRow[] {
  const tasks = functions.flatMap((one) => one.tasks);
  const replaced = sum(tasks, (task) => task.cycles * task.status + task.changes * task.replaced);
  return [
    row('S3 storage', stored / 1e9, prices.storage),
    row('S3 storage of replaced versions', (replaced / daysOfMonth / 1e9) * noncurrentDays, prices.storage),
  ];
}

function transferRows(functions: readonly FunctionUse[], { deployment }: CostInput): readonly CostRow[] {
  const { sidecars, sidecarsIn } = deployment;
  const price = {
    'same-region': prices.sameRegion,
    'other-region': prices.otherRegion,
    internet: prices.internet,
  }[sidecarsIn];
  const bytes = sum(functions, ({ tasks }) => sum(tasks, (task) => task.changes * task.fetched));
  return [row(`transfer to sidecars, ${sidecarsIn}`, (sidecars * bytes) / 1e9, price)];
}

/** With a bucket key S3 asks KMS for at most one request in a hundred. Source: Amazon S3's guide, bucket keys. */
const keyRequestShare = 0.01;

function keyRows({ functions, sidecars }: Requests, { deployment }: CostInput): readonly CostRow[] {
  if (!deployment.kms) return [];
  const requests = [functions, sidecars].reduce((count, { reads, writes }) => count + reads + writes, 0);
  return [row('KMS key', 1, prices.key), row('KMS requests', requests * keyRequestShare, prices.keyRequest)];
}

/** Bytes of log: three lines of Lambda and one of metrics for an invocation, and a line for a cycle that published. */
const logBytes = { invocation: 1200, change: 700 } as const;

function logRows(functions: readonly FunctionUse[]): readonly CostRow[] {
  const bytes = sum(
    functions,
    ({ invocations, tasks }) =>
      invocations * logBytes.invocation + sum(tasks, ({ changes }) => changes * logBytes.change),
  );
  return [
    row('logs written', bytes / 1e9, prices.logs),
    row('logs kept for 30 days', bytes / 1e9, prices.logStorage),
  ];
}

/**
 * The number of metrics and alarms of a function. A test compares it with lib/base/metrics.ts and
 * infra/stack/alarms.ts.
 */
export function watchesOf(backend: string): { readonly metrics: number; readonly alarms: number } {
  return backend === kubeState ? { metrics: 5, alarms: 6 } : { metrics: 9, alarms: 9 };
}

function watchRows(functions: readonly FunctionUse[], { deployment }: CostInput): readonly CostRow[] {
  const count = (kind: 'metrics' | 'alarms') => sum(functions, ({ backend }) => watchesOf(backend)[kind]);
  return [
    row('CloudWatch metrics', count('metrics'), prices.metric),
    row('CloudWatch alarms', count('alarms'), prices.alarm),
    ...(deployment.dashboard ? [row('CloudWatch dashboard', 1, prices.dashboard)] : []),
  ];
}

function row(what: string, quantity: number, price: Price): CostRow {
  return { what, quantity, price, dollars: quantity * price.dollars };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((count, item) => count + of(item), 0);
}
