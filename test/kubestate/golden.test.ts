import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { resources } from '../../lib/kubestate/registry.ts';
import { render, type Selection } from '../../lib/kubestate/render.ts';
import { keepShard } from '../../lib/kubestate/sharding.ts';
import { type Allow, allowKeys } from '../../lib/kubestate/text/allow-list.ts';
import { familiesOf, readExpected, recordedLister } from './golden.ts';

const nothing: ReadonlyMap<string, Allow> = new Map();
const everything = new Map(resources.map(({ resource }) => [resource, allowKeys(['*'])]));

const all: Selection = {
  resources,
  namespaces: [''],
  deniedNamespaces: [],
  wants: ({ optIn }) => optIn !== true,
  allowedLabels: nothing,
  allowedAnnotations: nothing,
};

const byDefault: Selection = {
  ...all,
  resources: resources.filter(({ notByDefault }) => notByDefault !== true),
};

function shard(number: number): Selection {
  const keep = keepShard(number, 3);
  return { ...all, ...(keep && { keep }) };
}

const outputs: Readonly<Record<string, Selection>> = {
  'default-resources': byDefault,
  'all-resources': all,
  'all-opt-in': { ...all, wants: () => true },
  'labels-annotations-all': { ...all, allowedLabels: everything, allowedAnnotations: everything },
  'labels-some': {
    ...all,
    resources: resources.filter(({ resource }) => ['pods', 'nodes', 'namespaces'].includes(resource)),
    allowedLabels: new Map([
      ['pods', allowKeys(['app.kubernetes.io/name', 'tier'])],
      ['nodes', allowKeys(['topology.kubernetes.io/zone'])],
      ['namespaces', allowKeys(['team'])],
    ]),
    allowedAnnotations: new Map([['pods', allowKeys(['prometheus.io/scrape'])]]),
  },
  'shard-0-of-3': shard(0),
  'shard-1-of-3': shard(1),
  'shard-2-of-3': shard(2),
};

describe.each(['json', 'pb'] as const)('of recorded lists in the form %s', (form) => {
  test.each(Object.entries(outputs))('writes what kube-state-metrics writes: %s', async (name, selection) => {
    const rendered = await render(recordedLister(form), selection, new AbortController().signal);
    const gzip = Buffer.alloc(rendered.size);
    rendered.readInto(gzip);
    rendered.close();
    const text = gunzipSync(gzip).toString();
    expect(familiesOf(text)).toEqual(familiesOf(readExpected(name)));
  });
});
