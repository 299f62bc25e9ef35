import { describe, expect, test } from '@jest/globals';
import type { ObjectMeta } from '../../../lib/backends/kubernetes/kinds/kind.ts';
import { joinedNode, joinedService } from '../../../lib/backends/kubernetes/roles/attached.ts';
import type { ServiceJoins } from '../../../lib/backends/kubernetes/roles/behind.ts';
import { type Attached, addByKey, addByName } from '../../../lib/backends/kubernetes/roles/draft.ts';
import { buildEndpointsGroup, endpoints } from '../../../lib/backends/kubernetes/roles/endpoints.ts';
import {
  buildEndpointSliceGroup,
  endpointSlice,
} from '../../../lib/backends/kubernetes/roles/endpointslice.ts';
import { buildIngressGroup, ingress } from '../../../lib/backends/kubernetes/roles/ingress.ts';
import { buildNodeGroup, node } from '../../../lib/backends/kubernetes/roles/node.ts';
import type { JoinedPod } from '../../../lib/backends/kubernetes/roles/pod.ts';
import { buildPodGroup, joinedPod, pod } from '../../../lib/backends/kubernetes/roles/pod.ts';
import { buildServiceGroup, service } from '../../../lib/backends/kubernetes/roles/service.ts';
import { type TargetGroup, targetLabels } from '../../../lib/targets/group.ts';
import { type Form, forms, promtoolTargets, recorded } from './recorded.ts';

type Build = (form: Form) => readonly (TargetGroup | undefined)[];

const roles: Readonly<Record<string, Build>> = {
  // Without what is newer than promtool 3.5.3.
  node: (form) =>
    recorded(node, form).items.map((item) =>
      buildNodeGroup({ ...item, status: { ...item.status, conditions: [] } }),
    ),
  service: (form) =>
    recorded(service, form).items.map((item) => buildServiceGroup(item, {}, { balancerFromSpec: true })),
  pod: (form) => recorded(pod, form).items.map((item) => buildPodGroup(item, {})),
  'pod-meta': (form) => recorded(pod, form).items.map((item) => buildPodGroup(item, withNodes(form))),
  endpoints: (form) => recorded(endpoints, form).items.map((item) => buildEndpointsGroup(item, joins(form))),
  'endpoints-meta': (form) =>
    recorded(endpoints, form).items.map((item) =>
      buildEndpointsGroup(item, { ...joins(form), ...withNodes(form) }),
    ),
  endpointslice: (form) =>
    recorded(endpointSlice, form).items.map((item) => buildEndpointSliceGroup(item, joins(form))),
  'endpointslice-meta': (form) =>
    recorded(endpointSlice, form).items.map((item) =>
      buildEndpointSliceGroup(item, { ...joins(form), ...withNodes(form) }),
    ),
  ingress: (form) => recorded(ingress, form).items.map((item) => buildIngressGroup(item, {})),
};

describe.each(Object.entries(roles))('the targets of role %s', (name, build) => {
  test.each(forms)('are those of promtool, label for label, from %s', (form) => {
    const groups = build(form).filter((group) => group !== undefined);
    expect(distinct(groups)).toEqual(lines(promtoolTargets(name)));
  });
});

test.each(forms)('the pages of a list in %s, joined, make the same groups as the whole list', (form) => {
  const pages = ['pods-page-1', 'pods-page-2', 'pods-page-3'].map((name) => recorded(pod, form, name));
  const paged = pages.flatMap(({ items }) => items.map((item) => buildPodGroup(item, {})));
  expect(paged).toEqual(recorded(pod, form).items.map((item) => buildPodGroup(item, {})));
  expect(pages.map(({ continueToken, remaining }) => [continueToken !== '', remaining])).toEqual([
    [true, 35],
    [true, 10],
    [false, undefined],
  ]);
});

/** promtool prints equal targets of a group once; order is nobody's promise. */
function distinct(groups: readonly TargetGroup[]): readonly string[] {
  return groups
    .flatMap((group) => [...new Set(lines(group.targets.map((target) => targetLabels(group, target))))])
    .sort();
}

function lines(targets: readonly Readonly<Record<string, string>>[]): readonly string[] {
  return targets.map((target) => JSON.stringify(Object.entries(target).sort())).sort();
}

function joins(form: Form): ServiceJoins {
  const pods = new Map<string, JoinedPod>();
  addByKey(pods, recorded(joinedPod, form).items);
  const services = new Map<string, ObjectMeta>();
  addByKey(services, recorded(joinedService, form).items);
  return { pods, services };
}

function withNodes(form: Form): Attached {
  const nodes = new Map<string, ObjectMeta>();
  addByName(nodes, recorded(joinedNode, form).items);
  return { nodes };
}
