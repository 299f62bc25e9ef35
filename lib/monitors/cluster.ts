import * as z from 'zod';
import type { Connection } from '../backends/kubernetes/connection/connection.ts';
import type { ObjectMeta } from '../backends/kubernetes/kinds/kind.ts';
import { jsonKind, type Kind, type KindNames, kind } from '../backends/kubernetes/kinds/kind.ts';
import { objectMeta } from '../backends/kubernetes/kinds/messages.ts';
import { type Lister, type ListerOptions, openLister } from '../backends/kubernetes/listing/lister.ts';
import { take } from '../backends/kubernetes/wire/fields.ts';
import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import { mapField } from '../http/json.ts';
import type { Lookup } from './checks.ts';
import type { Reference } from './http.ts';
import {
  type LabelSelector,
  type MonitorKind,
  type MonitorName,
  monitorKinds,
  type PrometheusSpec,
} from './resources.ts';
import { selectorText } from './rules.ts';

/** A Monitor as the API server has it. */
interface RawMonitor extends MonitorName {
  readonly spec: unknown;
}

/** Which Monitors to read. */
export interface Selection {
  /** The settings with the selectors. */
  readonly settings: PrometheusSpec;
  /**
   * Namespace of the Prometheus resource with the settings; then, as in the operator, a missing selector selects
   * nothing.
   */
  readonly owner?: string | undefined;
  /** Only these namespaces; empty for all. */
  readonly namespaces: readonly string[];
  /** A label selector for all kinds, in addition to those of the settings; empty for all. */
  readonly label: string;
}

/** The Monitors of a cluster. */
export interface ClusterMonitors {
  readonly monitors: readonly RawMonitor[];
  /** The kinds that were not listed, one line each with the reason. */
  readonly notes: readonly string[];
}

/** The API for Monitors, and for the Secrets and ConfigMaps that they name. */
export interface MonitoringApi {
  /** The selected Monitors. Throws what the lister throws, and `not-found` where the cluster has none of the kinds. */
  readonly monitors: (selection: Selection, signal: AbortSignal) => Promise<ClusterMonitors>;
  /** The spec of a Prometheus or PrometheusAgent. Throws `not-found`. */
  readonly prometheusSpec: (namespace: string, name: string, signal: AbortSignal) => Promise<unknown>;
  /** Reads the references; one that may not be read is `unknown`. Throws other errors of the HTTP client. */
  readonly references: (references: readonly Reference[], signal: AbortSignal) => Promise<Lookup>;
}

/** The API of a connected API server. Its methods throw as `MonitoringApi` says. */
export function openMonitoringApi(
  connection: Connection,
  warn: NonNullable<ListerOptions['warn']>,
): MonitoringApi {
  const lister = openLister(connection, { pageSize: 500, compression: false, warn });
  return {
    monitors: (selection, signal) => listMonitors(lister, selection, signal),
    prometheusSpec: (namespace, name, signal) => findPrometheus(lister, namespace, name, signal),
    references: (references, signal) => readReferences(connection, references, signal),
  };
}

const group = 'monitoring.coreos.com';

/** The field of an object that the list keeps. */
const withSpec = z.object({ spec: z.unknown() });

function monitoringKind(name: string, resource: string, version = 'v1') {
  const names: KindNames = {
    resource,
    apiVersion: `${group}/${version}`,
    listKind: `${name}List`,
    namespaced: true,
  };
  return jsonKind(names, (json) => withSpec.parse(json, { jitless: true }).spec);
}

/** Namespaces that are listed one by one; with more of them the whole cluster is listed and filtered. */
const manyNamespaces = 20;

async function listMonitors(
  lister: Lister,
  selection: Selection,
  signal: AbortSignal,
): Promise<ClusterMonitors> {
  const monitors: RawMonitor[] = [];
  const notes: string[] = [];
  const missing: MonitorKind[] = [];
  const kinds = [
    ['ServiceMonitor', 'serviceMonitor'],
    ['PodMonitor', 'podMonitor'],
    ['Probe', 'probe'],
    ['ScrapeConfig', 'scrapeConfig'],
  ] as const;
  for (const [kindName, prefix] of kinds) {
    const { resource, version } = monitorKinds[kindName];
    const selector = selection.settings[`${prefix}Selector`];
    if (selector === undefined && selection.owner !== undefined) {
      notes.push(`the Prometheus has no ${prefix}Selector, which selects no ${kindName}`);
      continue;
    }
    const namespaces = await namespacesFor(
      lister,
      selection,
      selection.settings[`${prefix}NamespaceSelector`],
      signal,
    );
    const own = selector === undefined ? '' : selectorText(selector, `${prefix}Selector`);
    const label = [own, selection.label].filter((text) => text !== '').join(',');
    const queried = namespaces === undefined || namespaces.length > manyNamespaces ? [''] : namespaces;
    try {
      for (const namespace of queried) {
        const query = {
          kind: monitoringKind(kindName, resource, version),
          namespace,
          selector: { label, field: '' },
        };
        for (const { namespace: of, name, content } of await listAll(lister, query, signal))
          if (namespaces === undefined || namespaces.includes(of))
            monitors.push({ kind: kindName, namespace: of, name, spec: content });
      }
    } catch (error) {
      if (!isMusterError(error, 'not-found')) throw error;
      missing.push(kindName);
    }
  }
  if (missing.length === kinds.length)
    throw new MusterError(
      'not-found',
      `the cluster has no ServiceMonitor, PodMonitor, Probe or ScrapeConfig of ${group}: is this the one where the operator is?`,
    );
  notes.push(...missing.map((name) => `the cluster does not know ${name}`));
  return { monitors, notes };
}

async function listAll<T extends ObjectMeta>(
  lister: Lister,
  query: { readonly kind: Kind<T>; readonly namespace: string; readonly selector: Selector },
  signal: AbortSignal,
): Promise<readonly T[]> {
  let all: T[] = [];
  for await (const { items, first } of lister.parts(query, signal)) {
    if (first) all = [];
    all.push(...items);
  }
  return all;
}

interface Selector {
  readonly label: string;
  readonly field: string;
}

const namespaceKind: Kind<ObjectMeta> = kind(
  { resource: 'namespaces', apiVersion: 'v1', listKind: 'NamespaceList', namespaced: false },
  take(objectMeta, 'name', 'namespace', 'labels', 'annotations'),
  {},
);

/** The namespaces to list; `undefined` for all. */
async function namespacesFor(
  lister: Lister,
  { owner, namespaces }: Selection,
  selector: LabelSelector | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const isWanted = (name: string) => namespaces.length === 0 || namespaces.includes(name);
  if (selector === undefined) {
    if (owner !== undefined) return [owner].filter(isWanted);
    return namespaces.length === 0 ? undefined : namespaces;
  }
  const label = selectorText(selector, 'the selector of namespaces');
  if (label === '') return namespaces.length === 0 ? undefined : namespaces;
  const query = { kind: namespaceKind, namespace: '', selector: { label, field: '' } };
  return (await listAll(lister, query, signal)).map(({ name }) => name).filter(isWanted);
}

async function findPrometheus(
  lister: Lister,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<unknown> {
  const kinds = [
    monitoringKind('Prometheus', 'prometheuses'),
    monitoringKind('PrometheusAgent', 'prometheusagents', 'v1alpha1'),
  ];
  const selector = { label: '', field: `metadata.name=${name}` };
  for (const one of kinds) {
    try {
      const [found] = await listAll(lister, { kind: one, namespace, selector }, signal);
      if (found !== undefined) return found.content;
    } catch (error) {
      if (!isMusterError(error, 'not-found')) throw error;
    }
  }
  throw new MusterError('not-found', `there is no Prometheus or PrometheusAgent ${namespace}/${name}`);
}

const keyed = z.object({ data: mapField(z.string()) });

/** Objects that are read at once. */
const concurrency = 8;

async function readReferences(
  connection: Connection,
  references: readonly Reference[],
  signal: AbortSignal,
): Promise<Lookup> {
  const objects = [...Map.groupBy(references, objectKey)].flatMap(([key, [reference]]) =>
    reference === undefined ? [] : [{ key, reference }],
  );
  const found = new Map<string, ReadonlyMap<string, string> | 'missing' | 'unknown'>();
  await mapConcurrent(objects, concurrency, signal, async ({ key, reference }, own) => {
    found.set(key, await readObject(connection, reference, own));
  });
  return (reference) => {
    const object = found.get(objectKey(reference)) ?? 'unknown';
    if (typeof object === 'string') return object;
    const text = object.get(reference.key);
    return text === undefined ? 'missing' : { text };
  };
}

function objectKey({ kind: kindName, namespace, name }: Reference): string {
  return `${kindName}/${namespace}/${name}`;
}

async function readObject(
  { server, http, headers }: Connection,
  { kind: kindName, namespace, name }: Reference,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | 'missing' | 'unknown'> {
  const url = new URL(server);
  const path = [namespace, kindName === 'Secret' ? 'secrets' : 'configmaps', name].map(encodeURIComponent);
  url.pathname = `${server.pathname.replace(/\/+$/, '')}/api/v1/namespaces/${path.join('/')}`;
  try {
    const request = { url, headers: { ...(await headers(signal)), accept: 'application/json' }, signal };
    const { data } = await http.getJson(request, keyed);
    const text = (value: string) =>
      kindName === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value;
    return new Map(Array.from(data, ([key, value]) => [key, text(value)]));
  } catch (error) {
    if (isMusterError(error, 'not-found')) return 'missing';
    if (isMusterError(error, 'denied')) return 'unknown';
    throw error;
  }
}
