import { describe, expect, test } from '@jest/globals';
import { resources } from '../../lib/kube-state/registry.ts';
import { keepShard, type Selection } from '../../lib/kube-state/render.ts';
import { type Allow, allowKeys } from '../../lib/kube-state/text/label-names.ts';
import { familiesOf, readExpected, recordedLister, renderText } from './golden.ts';

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
    const text = await renderText(recordedLister(form), selection);
    expect(familiesOf(text)).toEqual(familiesOf(readExpected(name)));
  });
});

test('forgets what it wrote of a list that began anew', async () => {
  const lister = recordedLister('pb');
  const twice: typeof lister = {
    ...lister,
    async *parts(query, signal) {
      for await (const part of lister.parts(query, signal)) {
        const items = [...part.items];
        yield* [
          { ...part, items },
          { ...part, items },
        ];
      }
    },
  };
  const text = await renderText(twice, byDefault);
  expect(familiesOf(text)).toEqual(familiesOf(readExpected('default-resources')));
});
