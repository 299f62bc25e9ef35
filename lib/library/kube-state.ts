import { gunzipSync } from 'node:zlib';
import type { ObjectMeta } from '../backends/kubernetes/kinds/kind.ts';
import type { Lister, Part } from '../backends/kubernetes/listing/lister.ts';
import type { ListQuery } from '../backends/kubernetes/listing/page.ts';
import { MusterError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { createCredentialReader } from '../config/credentials.ts';
import { formatKeyPath, problemsOf } from '../config/problem.ts';
import { kubeStateConfig } from '../kube-state/options.ts';
import { resources } from '../kube-state/registry.ts';
import { type Rendered, render, selectionOf } from '../kube-state/render.ts';
import { createAwsSecrets } from '../run/aws-secrets.ts';
import { bindOutputs } from '../run/kube-state-outputs.ts';
import type { LabelSet } from '../targets/group.ts';

export { MusterError };

/** A metric family of kube-state-metrics. */
export interface FamilyInfo {
  readonly name: string;
  /** The help text, without the marks of its stability. */
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'info' | 'stateset';
  /** The resource that it describes, as in `pods`. */
  readonly resource: string;
  /** Written only if `metric_opt_in_list` names it. */
  readonly optIn: boolean;
}

/** All families except those of custom resources, in the order in which they are written. */
export const families: readonly FamilyInfo[] = resources.flatMap(({ resource, families: those }) =>
  those.map(({ name, help, type = 'gauge', optIn = false }) => ({ name, help, type, resource, optIn })),
);

/** A sample, as data. */
export interface Sample {
  /** Name of the family and of the metric. */
  readonly name: string;
  readonly labels: LabelSet;
  readonly value: number;
  /** The type in the text format, where info and stateset are gauges. */
  readonly type: 'gauge' | 'counter';
}

/** Receives the samples one after another, family by family of a resource. A promise is awaited. */
export type SampleWriter = (sample: Sample) => undefined | Promise<void>;

/** Objects as the API server sends them in JSON, by their resource: `{ pods: [{ metadata, spec, status }] }`. */
export type KubernetesObjects = Readonly<Record<string, Iterable<unknown> | AsyncIterable<unknown>>>;

/** The input of `writeKubeState`. */
export interface KubeStateInput {
  /**
   * The keys of an element of `kube_state_metrics` in muster.yml: `resources`, `metric_labels_allowlist`, `kubernetes`,
   * …
   */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /**
   * The objects. A resource that is not there has none. Without it the cluster of the option `kubernetes` is listed;
   * with it the options that concern the listing (`kubernetes`, `node`, `use_apiserver_cache`) have no effect.
   */
  readonly objects?: KubernetesObjects | undefined;
  /** Folder that relative paths in the options start from. Default: the current one. */
  readonly directory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the samples of kube-state-metrics from objects, and passes them to the writer. Returns the counts.
 * Throws kind `config` for wrong options, `malformed` for an object that is none, and what the listing and the writer
 * throw; then the samples so far are a part of the whole.
 */
export async function writeKubeState(
  { options = {}, objects, directory = '.', signal = new AbortController().signal }: KubeStateInput,
  write: SampleWriter,
): Promise<{ readonly objects: number; readonly samples: number }> {
  const config = readOptions(options);
  const shards = objects === undefined ? [listed(config, directory)] : [given(config, objects)];
  let counts = { objects: 0, samples: 0 };
  for (const shard of shards.flat()) {
    const rendered = await shard(signal);
    try {
      for (const sample of samplesOf(rendered)) await write(sample);
      counts = { objects: counts.objects + rendered.objects, samples: counts.samples + rendered.samples };
    } finally {
      rendered.close();
    }
  }
  return counts;
}

type Shard = (signal: AbortSignal) => Promise<Rendered>;
type Config = ReturnType<typeof readOptions>;

function readOptions(options: Readonly<Record<string, unknown>>) {
  const parsed = kubeStateConfig.safeParse({ name: 'library', ...options }, { jitless: true });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues
    .flatMap(problemsOf)
    .map(({ path, message }) => `${formatKeyPath(path) || 'options'}: ${message}`);
  throw new MusterError('config', lines.join('; '));
}

function listed(config: Config, directory: string): readonly Shard[] {
  const readCredential = createCredentialReader({
    directory,
    env: process.env,
    resolvers: createAwsSecrets(),
  });
  const outputs = bindOutputs([config], { readCredential, directory, log: silentLogger });
  return outputs.map((output) => (signal) => output.render(signal));
}

function given(config: Config, objects: KubernetesObjects): readonly Shard[] {
  const namespaces = config.namespaces.length > 0 ? [...new Set(config.namespaces)] : [''];
  const numbers = config.shard === undefined ? [...Array(config.total_shards).keys()] : [config.shard];
  return numbers.map((number) => (signal) => {
    const { podField: _, ...selection } = selectionOf(config, namespaces, number);
    return render(listerOver(objects), selection, signal);
  });
}

/** Objects that are read together. */
const batchSize = 500;

/** Lists the given objects, as an API server would. */
function listerOver(objects: KubernetesObjects): Lister {
  return {
    cursor: () => '',
    async *parts<T extends ObjectMeta>({ kind, namespace }: ListQuery<T>): AsyncGenerator<Part<T>> {
      let first = true;
      for await (const items of batches(objects[kind.resource] ?? [])) {
        const page = readPage(kind, items);
        const wanted = namespace === '' ? page : page.filter((one) => one.namespace === namespace);
        yield { items: wanted, first };
        first = false;
      }
      if (first) yield { items: [], first };
    },
  };
}

function readPage<T extends ObjectMeta>(kind: ListQuery<T>['kind'], items: readonly unknown[]): readonly T[] {
  try {
    return [...kind.pickList({ metadata: {}, items }).items];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MusterError('malformed', `an object of ${kind.resource} cannot be read: ${why}`, { cause });
  }
}

async function* batches(
  items: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<readonly unknown[]> {
  let batch: unknown[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Reads samples from the text. The text comes in blocks, so that memory holds little of a large cluster. */
function* samplesOf({ members }: Rendered): Generator<Sample, undefined> {
  const decoder = new TextDecoder();
  const types = new Map<string, Sample['type']>();
  let rest = '';
  for (const member of members()) {
    const lines = (rest + decoder.decode(gunzipSync(member), { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, typed = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (typed !== '') types.set(typed, type === 'counter' ? 'counter' : 'gauge');
      if (line !== '' && !line.startsWith('#')) yield sampleOf(line, types);
    }
  }
  return undefined;
}

/** A line as `familyWriter` writes it. Source: Prometheus, "Exposition formats". */
function sampleOf(line: string, types: ReadonlyMap<string, Sample['type']>): Sample {
  const [, name = '', inside = '', number = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const labels = [...inside.matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/g)].map(
    ([, label = '', value = '']): readonly [string, string] => [label, unescapeLabel(value)],
  );
  const value =
    number === '+Inf'
      ? Number.POSITIVE_INFINITY
      : number === '-Inf'
        ? Number.NEGATIVE_INFINITY
        : Number(number);
  return { name, labels: Object.fromEntries(labels), value, type: types.get(name) ?? 'gauge' };
}

function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
