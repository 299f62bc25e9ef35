import { expect, test } from '@jest/globals';
import { keyOf } from '../../../lib/sim/kubernetes/api/list.ts';
import { resources } from '../../../lib/sim/kubernetes/api/resources.ts';
import { encodeJson, type JsonObject, objectAt, textAt } from '../../../lib/sim/kubernetes/wire/json.ts';
import { stateOfWorld } from '../../../lib/sim/kubernetes/world/state.ts';
import { makeWorld } from '../../../lib/sim/kubernetes/world/world.ts';
import type { ResourceName } from '../../../lib/sim/kubernetes.ts';

/** What discovery has stumbled over somewhere: by resource, what to find in an object's JSON. */
const oddities: readonly (readonly [ResourceName, string, (text: string) => boolean])[] = [
  ['pods', 'without an address', (text) => !text.includes('"podIP"')],
  ['pods', 'on no node', (text) => !text.includes('"nodeName"')],
  ['pods', 'on a node that is gone', (text) => text.includes('"nodeName":"node-that-is-gone"')],
  ['pods', 'on the host network', (text) => text.includes('"hostNetwork":true')],
  ['pods', 'with two addresses', (text) => /"podIPs":\[\{[^}]*\},\{/.test(text)],
  ['pods', 'with IPv6 first', (text) => text.includes('"podIP":"fd00:')],
  ['pods', 'without ports', (text) => !text.includes('"containerPort"')],
  ['pods', 'with a port without a name', (text) => /\{"containerPort":\d+,"protocol":"TCP"\}/.test(text)],
  ['pods', 'with UDP', (text) => text.includes('"protocol":"UDP"')],
  ['pods', 'with SCTP', (text) => text.includes('"protocol":"SCTP"')],
  ['pods', 'with init containers', (text) => text.includes('"initContainers":[')],
  ['pods', 'with sidecars', (text) => text.includes('"name":"log-shipper"')],
  ['pods', 'with ephemeral containers', (text) => text.includes('"ephemeralContainers":[')],
  [
    'pods',
    'with a port in two containers',
    (text) => (text.match(/"containerPort":8080,/g) ?? []).length > 1,
  ],
  ['pods', 'being created', (text) => text.includes('"reason":"ContainerCreating"')],
  ['pods', 'not ready', (text) => text.includes('"type":"Ready","status":"False"')],
  ['pods', 'unknown', (text) => text.includes('"phase":"Unknown"')],
  ['pods', 'succeeded', (text) => text.includes('"phase":"Succeeded"')],
  ['pods', 'failed', (text) => text.includes('"phase":"Failed"')],
  ['pods', 'terminating', (text) => text.includes('"deletionTimestamp"')],
  ...['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Node', 'Rollout'].map(
    (kind) => ['pods', `of a ${kind}`, (text: string) => text.includes(`"kind":"${kind}","name"`)] as const,
  ),
  ['pods', 'of nobody', (text) => !text.includes('"ownerReferences"')],
  ['pods', 'of an owner that is no controller', (text) => text.includes('"controller":false')],
  ['pods', 'with labels that clash', (text) => text.includes('"clash-x":"same"')],
  ['pods', 'with an empty label', (text) => text.includes('"empty":""')],
  ['pods', 'with labels called like members of objects', (text) => text.includes('"constructor":"c"')],
  ['pods', 'with annotations of all scripts', (text) => text.includes('😀')],
  ['pods', 'with control characters', (text) => text.includes('\\u0000')],
  ['pods', 'with an annotation of 5,000 characters', (text) => text.includes('x'.repeat(5000))],
  [
    'nodes',
    'without an internal address',
    (text) => text.includes('"addresses"') && !text.includes('"InternalIP"'),
  ],
  ['nodes', 'without any address', (text) => !text.includes('"addresses"')],
  ['nodes', 'without a kubelet port', (text) => !text.includes('"daemonEndpoints"')],
  ['nodes', 'with IPv6 first', (text) => text.includes('"addresses":[{"type":"InternalIP","address":"fd00:')],
  ['nodes', 'cordoned', (text) => text.includes('"unschedulable":true')],
  ['services', 'by an external name', (text) => text.includes('"type":"ExternalName"')],
  ['services', 'headless', (text) => text.includes('"clusterIP":"None"')],
  ['services', 'without ports', (text) => text.includes('"ports":[]')],
  ['services', 'with node ports', (text) => text.includes('"type":"NodePort"')],
  ['services', 'with two balancer addresses', (text) => /"ingress":\[\{[^\]]*\},\{"ip"/.test(text)],
  ['services', 'with a balancer host', (text) => text.includes('"hostname":"lb.example.com"')],
  [
    'services',
    'with a balancer that is not there yet',
    (text) => text.includes('LoadBalancer') && text.endsWith('"loadBalancer":{}}}'),
  ],
  ['services', 'with a target port by name', (text) => text.includes('"targetPort":"metrics"')],
  ['services', 'of two families', (text) => text.includes('"ipFamilies":["IPv4","IPv6"]')],
  ['endpoints', 'without references', (text) => text.includes('"subsets"') && !text.includes('"targetRef"')],
  ['endpoints', 'of nodes', (text) => text.includes('"kind":"Node"')],
  ['endpoints', 'of a pod that is gone', (text) => text.includes('-gone"')],
  ['endpoints', 'not ready', (text) => text.includes('"notReadyAddresses"')],
  [
    'endpoints',
    'in two subsets',
    (text) => /"subsets":\[\{.*\},\{"(?:addresses|notReadyAddresses|ports)/.test(text),
  ],
  ['endpoints', 'with host names', (text) => text.includes('"hostname"')],
  ['endpoints', 'of no service', (text) => text.includes('-orphan"')],
  ['endpoints', 'without subsets', (text) => !text.includes('"subsets"')],
  ['endpointslices', 'of IPv6', (text) => text.includes('"addressType":"IPv6"')],
  ['endpointslices', 'of domains', (text) => text.includes('"addressType":"FQDN"')],
  ['endpointslices', 'of no service', (text) => !text.includes('kubernetes.io/service-name')],
  ['endpointslices', 'not ready', (text) => text.includes('"ready":false,"serving":false')],
  [
    'endpointslices',
    'serving while terminating',
    (text) => text.includes('"serving":true,"terminating":true'),
  ],
  ['endpointslices', 'with unknown conditions', (text) => text.includes('"conditions":{}')],
  ['endpointslices', 'with hints', (text) => text.includes('"forZones"')],
  ['endpointslices', 'with zones', (text) => text.includes('"zone":"eu-west-1a"')],
  ['endpointslices', 'with topology of old', (text) => text.includes('"deprecatedTopology"')],
  [
    'endpointslices',
    'with a port without a number',
    (text) => /"ports":\[\{"name":"","protocol":"\w+"\}/.test(text),
  ],
  [
    'endpointslices',
    'without references',
    (text) => text.includes('"addresses"') && !text.includes('"targetRef"'),
  ],
  ['ingresses', 'with TLS', (text) => text.includes('"tls"')],
  ['ingresses', 'with a wildcard', (text) => text.includes('"host":"*.')],
  ['ingresses', 'without a host', (text) => text.includes('{"http"')],
  ['ingresses', 'without a path', (text) => text.includes('{"pathType":"ImplementationSpecific"')],
  ['ingresses', 'with several rules', (text) => (text.match(/"host":/g) ?? []).length > 1],
  ['ingresses', 'with a rule without paths', (text) => text.includes('{"host":"empty.')],
  ['ingresses', 'with a class', (text) => text.includes('"ingressClassName":"nginx"')],
  ['ingresses', 'with a class by annotation', (text) => text.includes('"kubernetes.io/ingress.class"')],
  ['ingresses', 'with nothing but a default', (text) => text.includes('"defaultBackend"')],
];

const worlds = Array.from({ length: 30 }, (_, seed) => stateOfWorld(makeWorld({ seed, pods: 80 })));

function texts(name: ResourceName): readonly string[] {
  return worlds.flatMap((state) => {
    const shelf = state.shelf(name);
    return Array.from({ length: shelf.size }, (_, position) => encodeJson(shelf.object(position)));
  });
}

const found = new Map<ResourceName, readonly string[]>();

test.each(oddities)('thirty small clusters have %s %s', (name, _what, matches) => {
  const known = found.get(name) ?? texts(name);
  found.set(name, known);
  expect(known.some(matches)).toBe(true);
});

test('endpoints speak of pods in every state that has an address', () => {
  const states = new Set(
    worlds.flatMap((state) => {
      const pods = state.shelf('pods');
      const phases = new Map<string, string>();
      for (let position = 0; position < pods.size; position += 1)
        phases.set(pods.key(position), encodeJson(statusOf(pods.object(position))));
      const endpoints = state.shelf('endpoints');
      return Array.from({ length: endpoints.size }, (_, position) => endpoints.object(position)).flatMap(
        (object) => {
          const [namespace] = keyOf(object).split('/');
          const names = encodeJson(object).matchAll(/"kind":"Pod","namespace":"[^"]*","name":"([^"]*)"/g);
          return [...names].map(([, name]) => phases.get(`${namespace}/${name}`) ?? 'gone');
        },
      );
    }),
  );
  expect([...states].sort()).toEqual(['"Failed"', '"Running"', '"Succeeded"', '"Unknown"', 'gone']);
});

function statusOf(pod: JsonObject): string {
  const { status } = pod;
  return typeof status === 'object' && status !== null && 'phase' in status ? String(status.phase) : '';
}

test('no two objects of a cluster share a UID, whatever their kind and family', () => {
  const state = stateOfWorld(makeWorld({ seed: 'uids', pods: 2000 }));
  const uids = Object.values(resources).flatMap(({ name }) => {
    const shelf = state.shelf(name);
    return Array.from({ length: shelf.size }, (_, at) =>
      textAt(objectAt(shelf.object(at), 'metadata'), 'uid'),
    );
  });
  expect(uids.length).toBeGreaterThan(2500);
  expect(uids.length - new Set(uids).size).toBe(0);
});
