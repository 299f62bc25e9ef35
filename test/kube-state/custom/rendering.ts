import { gunzipSync } from 'node:zlib';
import type { Lister } from '../../../lib/backends/kubernetes/listing/lister.ts';
import { decodeList, mediaTypes } from '../../../lib/backends/kubernetes/wire/list.ts';
import { MusterError } from '../../../lib/base/errors.ts';
import { parseCustomResourceState } from '../../../lib/kube-state/options.ts';
import { render } from '../../../lib/kube-state/render.ts';

/** Lists of objects by their path, as in `myteam.io/v1/foos`. */
export type Lists = Readonly<Record<string, readonly unknown[]>>;

/** The whole text that a configuration in YAML makes of the lists, as JSON from an API server. */
export async function customText(configuration: string, lists: Lists): Promise<string> {
  const { spec } = parseCustomResourceState(configuration, 'custom.yml');
  const selection = {
    resources: [],
    custom: spec.resources,
    namespaces: [''],
    deniedNamespaces: [],
    wants: () => true,
    allowedLabels: new Map(),
    allowedAnnotations: new Map(),
  };
  const rendered = await render(jsonLister(lists), selection, new AbortController().signal);
  try {
    return [...rendered.members()].map((member) => gunzipSync(member).toString()).join('');
  } finally {
    rendered.close();
  }
}

/** The text of one metric of `Foo` objects, given as the value of `each`, below its header. */
export async function samplesOf(each: unknown, objects: readonly unknown[]): Promise<readonly string[]> {
  const metrics = [{ name: 'x', each }];
  const foo = { group: 'myteam.io', version: 'v1', kind: 'Foo' };
  const resources = [{ groupVersionKind: foo, resourcePlural: 'foos', metricNamePrefix: '', metrics }];
  const text = await customText(JSON.stringify({ spec: { resources } }), { 'myteam.io/v1/foos': objects });
  return text.split('\n').slice(2, -1).map(withoutKind);
}

/** The line without the labels that every custom resource has. */
function withoutKind(line: string): string {
  return line.replace(/customresource_(?:group|version|kind)="[^"]*",?/g, '').replace(/,\}/, '}');
}

/** JSON in which bigints are whole numbers with all of their digits. */
function exactJson(value: unknown): string {
  const marked = JSON.stringify(value, (_key, inner) =>
    typeof inner === 'bigint' ? `whole number ${inner}` : inner,
  );
  return marked.replace(/"whole number (-?\d+)"/g, '$1');
}

function jsonLister(lists: Lists): Lister {
  return {
    cursor: () => '',
    async *parts({ kind }) {
      const { apiVersion, resource, listKind } = kind;
      const items = lists[`${apiVersion}/${resource}`];
      if (items === undefined) throw new MusterError('not-found', `no ${resource}`);
      const list = { apiVersion, kind: listKind, metadata: { resourceVersion: '1' }, items };
      yield {
        items: decodeList(kind, Buffer.from(exactJson(list)), mediaTypes.json).items,
        first: true,
      };
    },
  };
}
