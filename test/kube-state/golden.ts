import { gunzipSync } from 'node:zlib';
import type { Lister } from '../../lib/backends/kubernetes/listing/lister.ts';
import { decodeList, mediaTypes } from '../../lib/backends/kubernetes/wire/list.ts';
import { MusterError } from '../../lib/base/errors.ts';
import { render, type Selection } from '../../lib/kube-state/render.ts';
import { readGolden, readGoldenText } from '../support/golden.ts';

/** The API server renews its own lease every ten seconds, so that it moved on between the recordings. */
const ownLease = /^(kube_lease_renew_time\{lease="apiserver-[^}]*\}) \S+$/m;

/** What kube-state-metrics wrote of the recorded lists; of the API server's own lease what the list says. */
export function readExpected(name: string): string {
  return readGoldenText(`kube-state/expected/${name}.prom`).replace(ownLease, '$1 1.795241192e+09');
}

/** Lists what was recorded of a real API server; what the recording lacks, that server did not have. */
export function recordedLister(form: 'json' | 'pb'): Lister {
  const recorded = recordedResources();
  return {
    cursor: () => '',
    async *parts({ kind }) {
      if (!recorded.has(kind.resource)) throw new MusterError('not-found', `no ${kind.resource}`);
      const body = readGolden(`kube-state/lists/${kind.resource}.${form}`);
      const type = form === 'json' ? mediaTypes.json : mediaTypes.protobuf;
      yield { items: decodeList(kind, body, type).items, first: true };
    },
  };
}

/** The resources whose lists were recorded. */
export function recordedResources(): ReadonlySet<string> {
  const recordings: readonly { readonly resource: string }[] = JSON.parse(
    readGoldenText('kube-state/index.json'),
  );
  return new Set(recordings.map(({ resource }) => resource));
}

/** The whole text of a selection. */
export async function renderText(lister: Lister, selection: Selection): Promise<string> {
  const rendered = await render(lister, selection, new AbortController().signal);
  try {
    return gunzipSync(Buffer.concat([...rendered.members()])).toString();
  } finally {
    rendered.close();
  }
}

/** Families by name: header lines, and sample lines in the order of their text. */
export function familiesOf(text: string): Readonly<Record<string, readonly string[]>> {
  const families: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const name = /^# HELP (\S+)/.exec(line)?.[1];
    if (name !== undefined) {
      if (families[name] !== undefined) throw new Error(`the family ${name} comes twice`);
      current = families[name] = [];
    }
    current.push(line);
  }
  return Object.fromEntries(Object.entries(families).map(([name, lines]) => [name, inOrder(lines)]));
}

function inOrder([help = '', type = '', ...samples]: readonly string[]): readonly string[] {
  return [help, type, ...samples.sort()];
}
