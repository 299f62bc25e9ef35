import { isList, isObject, parseJson } from '../../../lib/sim/kubernetes/wire/json.ts';
import {
  type ApiServerOptions,
  type GivenObjects,
  type JsonObject,
  type KubernetesFleet,
  type ResourceName,
  startKubernetesFleet,
} from '../../../lib/sim/kubernetes.ts';
import { body } from '../../backends/kubernetes/recorded.ts';

const names: readonly ResourceName[] = [
  'namespaces',
  'nodes',
  'pods',
  'services',
  'endpoints',
  'endpointslices',
  'ingresses',
];

/** What the real API server held when it was recorded, as its JSON lists say. */
const recordedObjects: GivenObjects = Object.fromEntries(
  names.map((name) => [name, itemsOf(body(name, 'json').toString())]),
);

/** A simulated server with the recorded cluster, at its resource version and with its token. */
export function startRecordedCluster(
  options: ApiServerOptions = {},
): Promise<KubernetesFleet & AsyncDisposable> {
  return disposable({ objects: recordedObjects, resourceVersion: 265, token: 'sekrit', ...options });
}

/** A server that ends with the test's block. */
export async function disposable(
  options: Parameters<typeof startKubernetesFleet>[0],
): Promise<KubernetesFleet & AsyncDisposable> {
  const fleet = await startKubernetesFleet(options);
  return { ...fleet, [Symbol.asyncDispose]: () => fleet.stop() };
}

/** The objects of a list in JSON. */
export function itemsOf(text: string): readonly JsonObject[] {
  const list = parseJson(text);
  const items = isObject(list) ? list.items : undefined;
  if (!isList(items)) throw new Error(`not a list: ${text.slice(0, 200)}`);
  return items.filter(isObject);
}
