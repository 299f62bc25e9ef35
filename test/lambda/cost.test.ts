import { describe, expect, test } from '@jest/globals';
import { functionMetrics } from '../../lib/base/metrics.ts';
import {
  type CostTask,
  costOf,
  type Deployment,
  kubeState,
  memoryOf,
  requestsEach,
  sumOf,
  watchesOf,
} from '../../lib/lambda/cost.ts';
import { measureWith } from '../../lib/lambda/measure.ts';
import { ticksOfMonth } from '../../lib/lambda/schedule.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { countingStore } from '../support/counting-store.ts';
import { listing } from '../support/provider.ts';
import { makeStack, readServiceFile } from '../support/stack.ts';
import { createWorld, jobs } from './world.ts';

const minute = 60_000;
const deployment: Deployment = {
  ...{ schedule: 'rate(1 minute)', sidecars: 1, sidecarsIn: 'internet', kms: true, dashboard: true },
};
const task: CostTask = {
  ...{ backend: 'consul', refreshInterval: minute, seconds: 0.25, targets: 400, changes: 300 },
  ...{ status: 1000, replaced: 400_000, fetched: 300_000, blocks: 0 },
};

/** Quantities and dollars of the rows, rounded as a bill is. */
function billOf(input: Parameters<typeof costOf>[0]) {
  const round = (number: number) => Number(number.toPrecision(5));
  return Object.fromEntries(
    costOf(input).map(({ what, quantity, dollars }) => [what, [round(quantity), round(dollars)]]),
  );
}

describe('a month of one provider', () => {
  test('is what a pocket calculator says of 43,800 ticks and 300 changes', () => {
    expect(billOf({ tasks: [task], stored: 2e9, deployment })).toEqual({
      // 43,800 × (0.05 + 0.25) s × 0.75 GB
      'Lambda consul, 768 MB': [9855, 0.1314],
      'Lambda invocations': [43_800, 0.00876],
      schedules: [43_800, 0.0438],
      // 43,800 × 1 + 300 × 3, and a look for what left every five minutes: 8,760
      'S3 writes and lists of functions': [53_460, 0.2673],
      // 43,800 × (1 + 4) + 300 × 3
      'S3 reads of functions': [219_900, 0.08796],
      // 2,628,000 s / 15
      'S3 lists of sidecars': [175_200, 0.876],
      // 2,628,000 s / 450, and the 300 changes
      'S3 reads of sidecars': [6140, 0.002456],
      'S3 storage': [2, 0.046],
      // (43,800 × 1,000 + 300 × 400,000) bytes / 30.4167 days × 1.5
      'S3 storage of replaced versions': [0.0080778, 0.00018579],
      'transfer to sidecars, internet': [0.09, 0.0081],
      'KMS key': [1, 1],
      // A hundredth of 454,700
      'KMS requests': [4547, 0.013641],
      // 43,800 × 1,200 + 300 × 700 bytes
      'logs written': [0.05277, 0.026385],
      'logs kept for 30 days': [0.05277, 0.0015831],
      'CloudWatch metrics': [9, 2.7],
      'CloudWatch alarms': [9, 0.9],
      'CloudWatch dashboard': [1, 3],
    });
  });

  test('without KMS, dashboard and sidecars elsewhere has no rows and no dollars for them', () => {
    const lean: Deployment = { ...deployment, kms: false, dashboard: false, sidecarsIn: 'same-region' };
    const bill = billOf({ tasks: [task], stored: 0, deployment: lean });
    expect(bill['transfer to sidecars, same-region']).toEqual([0.09, 0]);
    expect(Object.keys(bill).filter((what) => /KMS|dashboard/.test(what))).toEqual([]);
  });

  test.each<[string, Partial<CostTask>, Partial<Deployment>, number]>([
    ['twice the memory', {}, { memory: 1536 }, 2 * 9855],
    // Every fifth minute a cycle, and in the others a look: 43,800 × 0.05 + 8,760 × 0.25
    ['an interval of five ticks', { refreshInterval: 5 * minute }, {}, (2190 + 2190) * 0.75],
    // Two cycles and half a minute between: 43,800 × (0.05 + 30 + 0.25)
    ['an interval of half a tick', { refreshInterval: minute / 2 }, {}, 43_800 * 30.3 * 0.75],
    ['a tick every hour', { refreshInterval: 60 * minute }, { schedule: 'rate(1 hour)' }, 730 * 0.3 * 0.75],
    // The function waits for one more cycle, and for no other, as its time ends.
    ['ticks much rarer than the interval', {}, { schedule: 'rate(1 hour)' }, 730 * 60.3 * 0.75],
    // Without a status a quarter of a second is taken
    ['no status', { seconds: undefined, targets: undefined }, {}, 9855],
  ])('with %s takes its GB-seconds', (_, changed, other, expected) => {
    const rows = costOf({
      tasks: [{ ...task, ...changed }],
      stored: 0,
      deployment: { ...deployment, ...other },
    });
    expect(rows[0]?.quantity).toBeCloseTo(expected, 6);
  });
});

test('several providers of a function get an invocation each beside the tick; those that share a listing get one', () => {
  const three = (sharing?: CostTask['sharing']) => [1, 2, 3].map(() => ({ ...task, sharing }));
  const apart = billOf({ tasks: three(), stored: 0, deployment });
  expect(apart['Lambda invocations']?.[0]).toBe(4 * 43_800);
  const together = billOf({ tasks: three({ group: 'g', listing: 'l' }), stored: 0, deployment });
  expect(together['Lambda invocations']?.[0]).toBe(43_800);
  expect(together['Lambda consul, 768 MB']).toEqual([9855, 0.1314]);
});

test('a kube-state output publishes in every cycle, and has its own function', () => {
  const output = { ...task, backend: kubeState, seconds: 10, replaced: 10e6, fetched: 10e6 };
  const bill = billOf({ tasks: [output], stored: 0, deployment });
  expect(bill).toMatchObject({
    // 43,800 × 10.05 s × 1 GB
    'Lambda kube-state, 1024 MB': [440_190, 5.8692],
    // 43,800 × 2 and 8,760
    'S3 writes and lists of functions': [96_360, 0.4818],
    // 43,800 texts of 10 MB
    'transfer to sidecars, internet': [438, 39.42],
    'CloudWatch metrics': [5, 1.5],
    'CloudWatch alarms': [6, 0.6],
  });
});

test.each([
  ['rate(1 minute)', 43_800],
  ['rate(2 hours)', 365],
  ['cron(0/10 8-17 ? * MON-FRI *)', (300 * 730) / 168],
  ['cron(0 12 1 * ? *)', 43_800],
])('%s ticks %f times a month', (schedule, ticks) => {
  expect(ticksOfMonth(schedule)).toBeCloseTo(ticks, 6);
});

describe('what is taken is what the project has:', () => {
  test('the memory of the functions in serverless.yml', () => {
    const { backends } = readServiceFile().custom;
    expect(Object.keys(backends).map((name) => [name, memoryOf(name)])).toEqual(
      Object.entries(backends).map(([name, { memory }]) => [name, memory]),
    );
  });

  test.each(['consul', kubeState])('the alarms of the stack for %s', async (backend) => {
    const { Resources } = await makeStack({ backends: backend });
    const alarms = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    expect(watchesOf(backend).alarms).toBe(alarms.length);
  });

  test('the metrics that a function counts', () => {
    const seen = { provider: new Set<string>(), output: new Set<string>() };
    const measureInto = (names: Set<string>) => {
      const measure = measureWith({ addMetric: (name) => names.add(name) }, minute);
      measure.config(true);
      measure.idle();
      return measure;
    };
    const counts = { durationMs: 1, version: 1, groups: 1, targets: 1 };
    measureInto(seen.provider).cycle(
      { job: 'a', provider: 'consul-0', outcome: 'unchanged', requests: 1, ...counts },
      undefined,
      minute,
    );
    const published = { outcome: 'published', objects: 1, samples: 1, bytes: 1, duration: 1 } as const;
    measureInto(seen.output).output(
      { output: 'prod', outcome: 'published', durationMs: 1, published },
      undefined,
      minute,
    );
    expect([watchesOf('consul').metrics, watchesOf(kubeState).metrics]).toEqual([
      seen.provider.size,
      seen.output.size,
    ]);
    expect(seen.provider.size).toBe(Object.keys(functionMetrics).length - 1);
  });

  test('the requests of a quiet invocation, and those that a change adds', async () => {
    const counting = countingStore(createMemoryStore());
    const world = createWorld(counting.store);
    await world.configure(jobs(['api']));
    const { invoke } = world.start();
    await invoke({});
    await invoke({});
    const countOf = async () => {
      counting.reset();
      await invoke({});
      const kinds = counting.calls.map(({ kind }) => kind);
      const writes = kinds.filter((kind) => kind === 'put' || kind === 'list').length;
      return { reads: kinds.length - writes, writes };
    };
    const quiet = await countOf();
    world.find = async () => listing(13);
    const changed = await countOf();
    const { invocation, cycle, change } = requestsEach;
    const add = (...all: readonly { readonly reads: number; readonly writes: number }[]) => ({
      reads: all.reduce((sum, { reads }) => sum + reads, 0),
      writes: all.reduce((sum, { writes }) => sum + writes, 0),
    });
    expect([quiet, changed]).toEqual([add(invocation, cycle), add(invocation, cycle, change)]);
  });
});

test('the sum is that of the rows', () => {
  const rows = costOf({ tasks: [task], stored: 0, deployment });
  expect(sumOf(rows)).toBeCloseTo(
    rows.reduce((sum, { quantity, price }) => sum + quantity * price.dollars, 0),
    9,
  );
});
