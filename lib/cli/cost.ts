import { mapConcurrent } from '../base/concurrency.ts';
import { resolveNames } from '../cycle/naming.ts';
import { readStatus } from '../cycle/status.ts';
import { readOutputStatus } from '../kube-state/status.ts';
import {
  type CostInput,
  type CostRow,
  type CostTask,
  costOf,
  type Deployment,
  kubeState,
  memoryOf,
  presetSeconds,
  sumOf,
} from '../lambda/cost.ts';
import { pricesOf, secondsOfMonth } from '../lambda/prices.ts';
import { type App, loadApp } from '../run/app.ts';
import type { ListedObject } from '../store/store.ts';
import {
  folders,
  journalFolder,
  manifestKey,
  metricsKey,
  outputStatusKey,
  type ProviderId,
  parseJournalVersion,
  partsFolder,
  snapshotKey,
  statusKey,
  targetsKey,
} from '../targets/keys.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { readCount, shared } from './options.ts';
import { counted, printTable } from './output.ts';

/** `muster cost` */
export const cost = defineCommand({
  name: 'cost',
  description:
    'Estimates what a deployment on AWS costs, in US dollars a month: Lambda, S3, KMS, logs, metrics and alarms. It takes the\n' +
    'intervals of the configuration, and from the store the last statuses, the sizes, and how often each list changed within\n' +
    '30 days. A provider without a status is estimated from its interval. List prices of us-east-1, without free tiers.',
  examples: [
    'muster cost -c muster.yml',
    'muster cost -c muster.yml --offline --schedule "rate(5 minutes)"',
    'muster cost -c s3://bucket/config/muster.yml --sidecars 4 --sidecars-in internet --kms',
    'muster cost --output json | jq ".[] | select(.dollars > 1)"',
  ],
  options: {
    config: shared.config,
    offline: { help: 'Do not ask the store: estimate from the intervals alone.' },
    schedule: {
      value: 'EXPRESSION',
      default: 'rate(1 minute)',
      help: 'The schedule of the functions: rate(…) or cron(…).',
    },
    memory: { value: 'MB', help: 'Memory of each function. Default: that of serverless.yml.' },
    sidecars: { value: 'N', default: '1', help: 'How many sidecars read the bucket.' },
    'sidecars-in': {
      value: 'PLACE',
      default: 'same-region',
      choices: ['same-region', 'other-region', 'internet'],
      help: 'Where they run: same-region, other-region or internet.',
    },
    kms: { help: 'The bucket has a KMS key of its own.' },
    'no-dashboard': { help: 'The stack is deployed without its dashboard.' },
    output: shared.output,
  },
  async run({ config, offline, output, ...values }, io) {
    const deployment = readDeployment(values);
    const app = await loadApp(config, io);
    await using _store = app.store;
    const input = offline ? estimate(app, deployment) : await measure(app, deployment, io.signal);
    const rows = costOf(input);
    if (output === 'json') await printJson(rows, assumed(input), io);
    else await printRows(rows, assumed(input), io);
    return exitCodes.good;
  },
});

interface DeploymentOptions {
  readonly schedule: string;
  readonly memory: string | undefined;
  readonly sidecars: string;
  readonly 'sidecars-in': Deployment['sidecarsIn'];
  readonly kms: boolean;
  readonly 'no-dashboard': boolean;
}

function readDeployment({ schedule, memory, sidecars, kms, ...others }: DeploymentOptions): Deployment {
  if (!/^(?:rate\([1-9]\d{0,5} (?:minute|hour|day)s?\)|cron\(.+\))$/.test(schedule))
    throw new UsageError(
      `--schedule is as in "rate(5 minutes)" or "cron(0/10 * * * ? *)", not "${schedule}"`,
    );
  return {
    ...{ schedule, kms, sidecarsIn: others['sidecars-in'], dashboard: !others['no-dashboard'] },
    memory: memory === undefined ? undefined : readCount('memory', memory),
    sidecars: readCount('sidecars', sidecars),
  };
}

/** Assumed figures of a task without a status. */
const unknown = { changes: 0, status: 0, replaced: 0, fetched: 0, blocks: 0 } as const;

/** The tasks, from their intervals alone. */
function estimate({ providers, outputs }: App, deployment: Deployment): CostInput {
  const tasks = [
    ...providers.map(({ mechanism, refreshInterval, sharing }) => ({
      ...{ backend: mechanism, refreshInterval, sharing, ...unknown },
    })),
    ...outputs.map(({ refreshInterval }) => ({ backend: kubeState, refreshInterval, ...unknown })),
  ];
  return { tasks, stored: 0, deployment };
}

/** Objects of the store by their keys. */
type Objects = ReadonlyMap<string, ListedObject>;

/** The tasks, from their statuses and the sizes in the store. */
async function measure(
  { providers, outputs, store }: App,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<CostInput> {
  const listed = await mapConcurrent(Object.values(folders), 4, signal, (folder) =>
    store.list(folder, { signal }),
  );
  const all = listed.flat();
  const objects: Objects = new Map(all.map((object) => [object.key, object]));
  const byFolder = Map.groupBy(all, ({ key }) => key.slice(0, key.lastIndexOf('/') + 1));
  const named = await resolveNames(providers, { store, signal });
  const listedTasks = await mapConcurrent(named, 8, signal, async (one): Promise<CostTask> => {
    const { status } = await readStatus(store, one, signal);
    const parts = byFolder.get(partsFolder(one)) ?? [];
    return {
      ...{ backend: one.mechanism, refreshInterval: one.refreshInterval, sharing: one.sharing },
      ...(status?.last_success !== undefined && {
        seconds: status.duration_seconds,
        targets: status.targets,
      }),
      ...sizesOf(one, objects, parts),
      changes: changesOfMonth(byFolder.get(journalFolder(one)) ?? [], Date.now()),
    };
  });
  const written = await mapConcurrent(outputs, 8, signal, async (one): Promise<CostTask> => {
    const { status } = await readOutputStatus(store, one.object, signal);
    const bytes = objects.get(metricsKey(one.object))?.size ?? 0;
    return {
      ...{ backend: kubeState, refreshInterval: one.refreshInterval, ...unknown },
      ...(status?.last_success !== undefined && { seconds: status.duration_seconds }),
      ...{ status: objects.get(outputStatusKey(one.object))?.size ?? 0, replaced: bytes, fetched: bytes },
    };
  });
  const stored = all.reduce((sum, { size }) => sum + size, 0);
  return { tasks: [...listedTasks, ...written], stored, deployment };
}

/** What cycles and changes of a provider write. A change of a list in blocks writes one block of the usual size. */
function sizesOf(
  id: ProviderId,
  objects: Objects,
  parts: readonly ListedObject[],
): Pick<CostTask, 'status' | 'replaced' | 'fetched' | 'blocks'> {
  const sizeOf = (key: string) => objects.get(key)?.size ?? 0;
  const isInParts = objects.has(manifestKey(id));
  const block = parts.length === 0 ? 0 : parts.reduce((sum, { size }) => sum + size, 0) / parts.length;
  const fetched = isInParts ? sizeOf(manifestKey(id)) + block : sizeOf(targetsKey(id));
  return {
    ...{ status: sizeOf(statusKey(id)), fetched, replaced: fetched + sizeOf(snapshotKey(id)) },
    blocks: parts.length === 0 ? 0 : 1,
  };
}

const day = 86_400_000;

/**
 * How often a month the list changed, by the journal of the last 30 days. The first version is no change. A journal
 * that is younger than a day says nothing of a rate: it counts as a day.
 */
function changesOfMonth(entries: readonly ListedObject[], now: number): number {
  const oldest = entries.reduce((time, { modified }) => Math.min(time, modified), now);
  const since = Math.max(oldest, now - 30 * day);
  const changes = entries.filter(
    ({ key, modified }) => modified >= since && (parseJournalVersion(key) ?? 1) > 1,
  ).length;
  return (changes / Math.max(day, now - since)) * secondsOfMonth * 1000;
}

/** The assumptions behind the figures, a sentence each. */
function assumed({ tasks, deployment }: CostInput): readonly string[] {
  const without = tasks.filter(({ seconds }) => seconds === undefined).length;
  const memories = [...new Set(tasks.map(({ backend }) => backend))].map(
    (backend) => `${backend} ${deployment.memory ?? memoryOf(backend)} MB`,
  );
  const { sidecars, sidecarsIn, schedule } = deployment;
  return [
    `List prices of ${pricesOf.region}, ${pricesOf.date}, without free tiers.`,
    `Functions tick at ${schedule}, with ${memories.length === 0 ? 'none configured' : memories.join(', ')}, on Arm.`,
    ...(without === 0
      ? []
      : [
          `${without} of ${tasks.length} providers and outputs have no status: the estimate assumes cycles of ${presetSeconds} s, no changes and no bytes.`,
        ]),
    'A cycle takes as long as the last one, no matter where that ran.',
    `${counted(sidecars, 'sidecar')} (${sidecarsIn}), at --interval 15s.`,
    'Not counted: NAT and endpoints, secrets, alarm mails, queues.',
  ];
}

async function printRows(rows: readonly CostRow[], notes: readonly string[], io: Io): Promise<void> {
  const cells = rows.map(({ what, quantity, price, dollars }) => [
    ...[what, formatQuantity(quantity), price.unit],
    ...[formatPrice(price.dollars), dollars.toFixed(2)],
  ]);
  await printTable(
    io,
    ['WHAT', 'A MONTH', 'UNIT', 'UNIT PRICE', 'DOLLARS'],
    [...cells, ['together', '', '', '', sumOf(rows).toFixed(2)]],
  );
  await io.out(`\n${notes.join('\n')}\n`);
}

/** A number without an exponent. */
function formatPrice(dollars: number): string {
  return dollars.toLocaleString('en', { maximumFractionDigits: 12 });
}

/** Rounds to three digits, enough for an estimate. */
function formatQuantity(quantity: number): string {
  return Number(quantity.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
}

async function printJson(rows: readonly CostRow[], notes: readonly string[], io: Io): Promise<void> {
  const round = (number: number) => Number(number.toPrecision(6));
  const elements = [
    ...rows.map(({ what, quantity, price, dollars }) => ({
      ...{ kind: 'cost', what, quantity: round(quantity), unit: price.unit },
      ...{ unit_price: round(price.dollars), dollars: round(dollars), source: price.source },
    })),
    {
      ...{ kind: 'total', dollars: round(sumOf(rows)) },
      ...{ region: pricesOf.region, prices_of: pricesOf.date, assumed: notes },
    },
  ];
  await io.out(`${JSON.stringify(elements, undefined, 2)}\n`);
}
