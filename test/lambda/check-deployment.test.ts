import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { silentLogger } from '../../lib/base/logger.ts';
import type { Status } from '../../lib/cycle/status.ts';
import { gzipHead } from '../../lib/kube-state/gzip-time.ts';
import { kubeStateConfig } from '../../lib/kube-state/options.ts';
import { checkDeployment, type DeploymentInput } from '../../lib/lambda/check-deployment.ts';
import { bindOutputs } from '../../lib/run/kube-state-outputs.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { statusKey } from '../../lib/targets/keys.ts';
import { id, providerOf } from '../support/provider.ts';

const now = () => new Date().toISOString();

function statusOf(more: Partial<Status> = {}): Status {
  return {
    ...{ schema: 1, ...id, run: 'r', last_attempt: now(), duration_seconds: 1, version: 4 },
    ...{ published_version: 4, groups: 1, targets: 7, files: [], failures: 0 },
    ...more,
  };
}

const owned = { mechanism: 'consul', hasOwnName: false };

async function check(status: Status | string | undefined, more: Partial<DeploymentInput> = {}) {
  const store = createMemoryStore();
  if (status !== undefined) {
    const text = typeof status === 'string' ? status : JSON.stringify(status);
    await store.put(statusKey(id), new TextEncoder().encode(text), { condition: 'create' });
  }
  return await checkDeployment({
    store,
    providers: [
      {
        ...providerOf(() => []),
        ...owned,
        refreshInterval: 30_000,
      },
    ],
    outputs: [],
    retireRules: {
      retireAfter: () => 900_000,
      guard: { max_removed: 0.5, min_targets: 10 },
      keep: 90 * 86_400_000,
    },
    stack: 'muster-prod',
    readSchedule: async () => ({ expression: 'rate(1 minute)', enabled: true }),
    signal: new AbortController().signal,
    ...more,
  });
}

const found = async (index: number, ...args: Parameters<typeof check>) => {
  const finding = (await check(...args))[index];
  return [finding?.ok, finding?.says];
};

/** A deployment with one output and no provider; in the store is text of this age, in seconds. */
async function checkOutput(age: number | undefined) {
  const store = createMemoryStore();
  if (age !== undefined) {
    const head = gzipHead(new Date(Date.now() - age * 1000));
    await store.put('metrics/prod.prom.gz', head, { condition: 'create' });
  }
  const input = { readCredential: async () => '', log: silentLogger, directory: '/' };
  const outputs = bindOutputs([kubeStateConfig.parse({ name: 'prod' })], input);
  const findings = await check(undefined, { store, providers: [], outputs });
  return findings.slice(2).map((finding) => [finding.check, finding.ok, finding.says]);
}

describe('a deployment is checked', () => {
  test('for the schedule and the age of kube state', async () => {
    const schedule = ['schedule kube-state', true, 'muster-prod-kube-state runs at rate(1 minute)'];
    const says = (ok: boolean, text: string) => [
      schedule,
      ['kube state prod', ok, expect.stringMatching(text)],
    ];
    expect(await checkOutput(30)).toEqual(says(true, '^its cluster was listed 3\\ds ago$'));
    expect(await checkOutput(3600)).toEqual(
      says(false, '^its cluster was listed 36\\d\\ds ago: look at the log'),
    );
    expect(await checkOutput(-3600)).toEqual(
      says(false, '^the listing of its cluster is dated in the future'),
    );
    expect(await checkOutput(undefined)).toEqual(says(false, '^nothing is published yet: wait'));
  });

  test('and all is well', async () => {
    expect(await check(statusOf())).toEqual([
      { check: 'bucket', ok: true, says: 'memory: can be read' },
      { check: 'conditional writes', ok: true, says: 'are honoured' },
      { check: 'schedule consul', ok: true, says: 'muster-prod-consul runs at rate(1 minute)' },
      {
        check: 'status api/consul-0',
        ok: true,
        says: expect.stringMatching(/^7 targets, version 4, last cycle \d+s ago$/),
      },
      {
        check: 'cost',
        ok: true,
        says: expect.stringMatching(/^api\/consul-0 \(30s\): .* about 13 dollars/),
      },
    ]);
  });

  test.each([
    [
      'rate(10 minutes)',
      60_000,
      [expect.stringMatching(/about 3 dollars a month in all; "refresh_interval: 10m"/)],
    ],
    ['rate(1 minute)', 60_000, []],
  ])('for what it costs at %s', async (expression, refreshInterval, costs) => {
    const findings = await check(statusOf(), {
      providers: [{ ...providerOf(() => []), ...owned, refreshInterval }],
      readSchedule: async () => ({ expression, enabled: true }),
    });
    expect(findings.filter((finding) => finding.check === 'cost').map(({ says }) => says)).toEqual(costs);
  });

  test('by how far apart its ticks are: a minute old cycle of an hourly schedule is on time', async () => {
    const hourly = async () => ({ expression: 'cron(0 * * * ? *)', enabled: true });
    const before = new Date(Date.now() - 50 * 60_000).toISOString();
    const status = statusOf({ last_attempt: before, last_success: before });
    expect(await found(3, status, { readSchedule: hourly })).toEqual([
      true,
      expect.stringMatching(/^7 targets/),
    ]);
  });

  test('and a provider never had a whole listing, although no cycle failed', async () => {
    const status = statusOf({ first_attempt: '2026-01-01T00:00:00.000Z' });
    expect(await found(3, status)).toEqual([
      false,
      expect.stringMatching(/^no listing was whole for \d+s: look/),
    ]);
  });

  test.each([
    ['no cycle yet', undefined, /^no cycle yet: wait/],
    ['no status', 'nonsense', /^the status cannot be read/],
    [
      'failing',
      statusOf({ failures: 3, error: { kind: 'denied', message: 'no' } }),
      /^failing \(3 in a row\): no$/,
    ],
    [
      'of the future',
      statusOf({ last_attempt: '2999-01-01T00:00:00.000Z' }),
      /^the last cycle is dated in the future: set the clock/,
    ],
    [
      'last whole in the future',
      statusOf({ last_success: '2999-01-01T00:00:00.000Z' }),
      /^the last whole listing is dated in the future/,
    ],
    ['silent', statusOf({ last_attempt: '2026-01-01T00:00:00.000Z' }), /^the last cycle was \d+s ago: does/],
    [
      'misconfigured',
      statusOf({ config_error: 'line 1' }),
      /^the newest configuration is not in force: line 1$/,
    ],
  ] as const)('and a provider is in trouble: %s', async (_name, status, says) => {
    expect(await found(3, status)).toEqual([false, expect.stringMatching(says)]);
  });

  test('and the schedule is disabled, missing, or may not be seen', async () => {
    const disabled = { expression: 'rate(5 minutes)', enabled: false };
    expect(await found(2, statusOf(), { readSchedule: async () => disabled })).toEqual([
      false,
      'muster-prod-consul is disabled: enable it, or deploy again',
    ]);
    expect(await found(2, statusOf(), { readSchedule: async () => undefined })).toEqual([
      false,
      'there is no schedule muster-prod-consul: is muster-prod the stack, and was it deployed with consul?',
    ]);
    const denied = async () => Promise.reject(new Error('not authorized to perform: scheduler:GetSchedule'));
    expect(await found(2, statusOf(), { readSchedule: denied })).toEqual([
      false,
      'not authorized to perform: scheduler:GetSchedule',
    ]);
  });

  test('and the store ignores conditions, or cannot be read at all', async () => {
    const error = new MusterError('storage', 'conditional writes are ignored');
    const careless = { ...createMemoryStore(), verify: () => Promise.reject(error) };
    expect(await found(1, statusOf(), { store: careless })).toEqual([false, error.message]);
    const gone = new MusterError('not-found', 'there is no bucket');
    const missing = { ...createMemoryStore(), list: () => Promise.reject(gone) };
    expect(await check(statusOf(), { store: missing })).toEqual([
      { check: 'bucket', ok: false, says: 'there is no bucket' },
    ]);
  });
});
