import type { Mechanism } from '../../lib/backends/mechanism.ts';
import { createLogger } from '../../lib/base/logger.ts';
import { ownFields, sdConfig } from '../../lib/config/sd-config.ts';
import { followConfig } from '../../lib/lambda/config-source.ts';
import { type Clock, createInvocations, type Invoke } from '../../lib/lambda/invocation.ts';
import type { Measure } from '../../lib/lambda/measure.ts';
import { providerWork } from '../../lib/lambda/provider-work.ts';
import { readFunctionConfig } from '../../lib/lambda/read-config.ts';
import { shareTime } from '../../lib/lambda/task.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import type { ProviderId } from '../../lib/targets/keys.ts';
import { listing } from '../support/provider.ts';

/** A function of Consul over a memory store, with a listing of our own; everything that it says is kept. */
export interface FunctionWorld {
  readonly store: ObjectStore;
  readonly log: string[];
  /** What was measured, in words. */
  readonly measured: string[];
  /** Since when a whole listing was waited for, of each cycle and each provider whose turn it was not. */
  readonly waits: (string | undefined)[];
  /** The providers for which an invocation was started. */
  readonly started: object[];
  /** What the backend answers. */
  find: () => Promise<readonly TargetGroup[]>;
  /** Happens before each look at the configuration. */
  onRead: () => Promise<void>;
  /** A cold start: another process on the same store. */
  start(): { invoke(event: unknown, milliseconds?: number): ReturnType<Invoke<ProviderId>> };
  configure(text: string): Promise<void>;
  /** Keys and texts of the statuses. */
  status(key: string): Promise<Record<string, unknown>>;
}

/** Writes down what is measured, and since when a whole listing was waited for. */
export function measureInWords(measured: string[], waits: (string | undefined)[] = []): Measure {
  return {
    cycle: ({ outcome }, since) => {
      measured.push(`cycle ${outcome}`);
      waits.push(since);
    },
    output: ({ output, outcome }, since) => {
      measured.push(`${output} ${outcome}`);
      waits.push(since);
    },
    waiting: (since) => {
      measured.push('waiting');
      waits.push(since);
    },
    idle: () => measured.push('idle'),
    config: (inForce) => measured.push(inForce ? 'config in force' : 'config not in force'),
  };
}

/** Milliseconds between two ticks. */
export const period = 3000;

/**
 * A clock that stands still during an invocation and goes on by what is slept on it: how many cycles there are does not depend on
 * the machine. `begin` sets it to the machine's time and returns that.
 */
export function createClock(): Clock & { readonly begin: () => number } {
  let now = 0;
  return {
    now: () => now,
    async sleep(ms) {
      now += ms;
    },
    begin() {
      now = Date.now();
      return now;
    },
  };
}

export function createWorld(store: ObjectStore = createMemoryStore()): FunctionWorld {
  const log: string[] = [];
  const measured: string[] = [];
  const waits: (string | undefined)[] = [];
  const started: object[] = [];
  const world: FunctionWorld = {
    ...{ store, log, measured, waits, started },
    find: async () => listing(12),
    onRead: async () => undefined,
    start: () => start(world),
    async configure(text) {
      await store.put('config/muster.yml', new TextEncoder().encode(text), { condition: 'any' });
    },
    async status(key) {
      const found = await store.get(`status/${key}.json`);
      if (found === undefined) return {};
      return JSON.parse(new TextDecoder().decode(found.body));
    },
  };
  return world;
}

/** A configuration with these jobs, each with one SD config of Consul at this interval. */
export function jobs(names: readonly string[], interval = '3s'): string {
  const entry = (name: string) =>
    `\n  - { job_name: ${name}, consul_sd_configs: [{ refresh_interval: ${interval} }] }`;
  return `scrape_configs:${names.map(entry).join('')}\n`;
}

function start(world: FunctionWorld) {
  const { store, measured, waits } = world;
  const log = createLogger({ level: 'debug', write: (line) => world.log.push(line), now: () => new Date(0) });
  const mechanism: Mechanism = {
    name: 'consul',
    configKey: 'consul_sd_configs',
    schema: sdConfig('30s', ownFields),
    server: () => 'localhost:8500',
    async *discover() {
      yield await world.find();
      return undefined;
    },
  };
  const readCredential = async () => '';
  const measure = measureInWords(measured, waits);
  const currentConfig = followConfig({
    ...{ location: 's3://bucket/config/muster.yml', key: 'config/muster.yml', store, log },
    from: {
      ...store,
      async get(key, options) {
        await world.onRead();
        return store.get(key, options);
      },
    },
    lastGoodKey: 'config/last-good/consul.yml',
    wait: 1,
    read: (text, origin) =>
      readFunctionConfig(text, mechanism, {
        origin,
        store: 's3://bucket',
        directory: '/',
        readCredential,
        log,
      }),
  });
  const work = providerWork('consul', { store, log, measure });
  const clock = createClock();
  const invoke = createInvocations({ work, store, period, currentConfig, log, measure, clock });
  const invokeSelf = async (event: object) => {
    world.started.push(event);
  };
  return {
    invoke: (event: unknown, milliseconds = 30_000) =>
      invoke(event, { time: shareTime(milliseconds, clock.begin()), invokeSelf }),
  };
}
