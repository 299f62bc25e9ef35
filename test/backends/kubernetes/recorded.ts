import * as z from 'zod';
import type { Kind, ObjectMeta } from '../../../lib/backends/kubernetes/kinds/kind.ts';
import { joinedNode, joinedService, namespace } from '../../../lib/backends/kubernetes/roles/attached.ts';
import { endpoints } from '../../../lib/backends/kubernetes/roles/endpoints.ts';
import { endpointSlice } from '../../../lib/backends/kubernetes/roles/endpointslice.ts';
import { ingress } from '../../../lib/backends/kubernetes/roles/ingress.ts';
import { node } from '../../../lib/backends/kubernetes/roles/node.ts';
import { joinedPod, pod } from '../../../lib/backends/kubernetes/roles/pod.ts';
import { service } from '../../../lib/backends/kubernetes/roles/service.ts';
import { mediaTypes } from '../../../lib/backends/kubernetes/wire/list.ts';
import type { LabelSet } from '../../../lib/targets/group.ts';
import { readGolden, readGoldenText } from '../../support/golden.ts';
import { decodeWhole, type WholePage } from './whole-page.ts';

export type Form = 'protobuf' | 'json';
export const forms: readonly Form[] = ['protobuf', 'json'];

/** All kinds that are read, by what their recording is called. */
export const kinds: readonly (readonly [string, Kind<ObjectMeta>])[] = [
  ['pods', pod],
  ['pods', joinedPod],
  ['nodes', node],
  ['nodes', joinedNode],
  ['services', service],
  ['services', joinedService],
  ['endpoints', endpoints],
  ['endpointslices', endpointSlice],
  ['ingresses', ingress],
  ['namespaces', namespace],
];

/** A recorded body. */
export function body(name: string, form: Form): Buffer {
  return readGolden(`kubernetes/responses/${name}.${form === 'json' ? 'json' : 'pb'}`);
}

/** A recorded list. */
export function recorded<T extends ObjectMeta>(
  kind: Kind<T>,
  form: Form,
  name = kind.resource,
): WholePage<T> {
  return decodeWhole(kind, body(name, form), mediaTypes[form]);
}

const index = z.array(
  z.object({ name: z.string(), status: z.number(), contentType: z.string(), file: z.string() }),
);

/** Every recorded answer. */
export function recordings(): z.infer<typeof index> {
  return index.parse(JSON.parse(readGoldenText('kubernetes/index.json')));
}

const promtool = z.array(z.object({ discoveredLabels: z.record(z.string(), z.string()) }));

/** The targets that promtool found for a role, without what Prometheus adds for scraping. */
export function promtoolTargets(name: string): readonly LabelSet[] {
  return promtool
    .parse(JSON.parse(readGoldenText(`kubernetes/promtool/${name}.json`)))
    .map(({ discoveredLabels }) =>
      Object.fromEntries(Object.entries(discoveredLabels).filter(([label]) => !ofScraping.test(label))),
    );
}

const ofScraping = /^(?:__scheme__|__metrics_path__|__scrape_.*|job)$/;
