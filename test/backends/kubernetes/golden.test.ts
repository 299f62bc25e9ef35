import { describe, expect, test } from '@jest/globals';
import { endpoints } from '../../../lib/backends/kubernetes/kinds/endpoints.ts';
import { endpointSlice } from '../../../lib/backends/kubernetes/kinds/endpointslice.ts';
import { ingress } from '../../../lib/backends/kubernetes/kinds/ingress.ts';
import { joinedNode, joinedService } from '../../../lib/backends/kubernetes/kinds/joined.ts';
import { node } from '../../../lib/backends/kubernetes/kinds/node.ts';
import { joinedPod, pod } from '../../../lib/backends/kubernetes/kinds/pod.ts';
import { service } from '../../../lib/backends/kubernetes/kinds/service.ts';
import type { JoinedPod, ObjectMeta } from '../../../lib/backends/kubernetes/objects.ts';
import {
  type Attached,
  addByKey,
  addByName,
  type ServiceJoins,
} from '../../../lib/backends/kubernetes/targets/draft.ts';
import { buildEndpointsGroup } from '../../../lib/backends/kubernetes/targets/endpoints.ts';
import { buildEndpointSliceGroup } from '../../../lib/backends/kubernetes/targets/endpointslice.ts';
import { buildIngressGroup } from '../../../lib/backends/kubernetes/targets/ingress.ts';
import { buildNodeGroup } from '../../../lib/backends/kubernetes/targets/node.ts';
import { buildPodGroup } from '../../../lib/backends/kubernetes/targets/pod.ts';
import { buildServiceGroup } from '../../../lib/backends/kubernetes/targets/service.ts';
import { type TargetGroup, targetLabels } from '../../../lib/targets/group.ts';
import { type Form, forms, promtoolTargets, recorded } from './recorded.ts';

type Build = (form: Form) => readonly (TargetGroup | undefined)[];

const roles: Readonly<Record<string, Build>> = {
  // Without what is newer than promtool 3.5.3.
  node: (form) => recorded(node, form).items.map((item) => buildNodeGroup({ ...item, conditions: [] })),
  service: (form) =>
    recorded(service, form).items.map((item) => buildServiceGroup({ ...item, balancerIPs: [] }, {})),
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
