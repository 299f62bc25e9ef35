import { isDeepStrictEqual } from 'node:util';
import type { Lister } from '../../../lib/backends/kubernetes/listing/lister.ts';
import { decodeList, mediaTypes } from '../../../lib/backends/kubernetes/wire/list.ts';
import type { KubeStateResource } from '../../../lib/kube-state/resource.ts';
import { allowKeys } from '../../../lib/kube-state/text/label-names.ts';
import { backwardBuffer } from '../../../lib/sim/kubernetes/wire/buffers.ts';
import { encodeJson, type JsonObject } from '../../../lib/sim/kubernetes/wire/json.ts';
import { messageNamed, messagesWith } from '../../../lib/sim/kubernetes/wire/messages.ts';
import {
  envelopeTail,
  putEnvelopeHead,
  putItems,
  putMessage,
} from '../../../lib/sim/kubernetes/wire/protobuf.ts';
import { familiesOf, renderText } from '../golden.ts';
import { otherMessages } from './messages-others.ts';
import { workloadMessages } from './messages-workloads.ts';

/** What is written of the objects. */
export interface Options {
  /** Which families; by default all of the resource. A name that the resource does not have is an error. */
  readonly families?: readonly string[];
  /** Keys of labels that become labels, as in `metric_labels_allowlist`; by default none do. */
  readonly labels?: readonly string[] | undefined;
  /** Keys of annotations that become labels. */
  readonly annotations?: readonly string[];
}

/**
 * The sample lines of the objects, family after family in the order of the resource's table, without the headers, which
 * `coverage.test.ts` compares. The objects are read from a JSON list and from a protobuf list; an error tells where the
 * two come to different lines.
 */
export async function linesOf(
  resource: KubeStateResource,
  objects: JsonObject | readonly JsonObject[],
  { families = resource.families.map(({ name }) => name), labels, annotations }: Options = {},
): Promise<readonly string[]> {
  const unknown = families.find((name) => !resource.families.some((family) => family.name === name));
  if (unknown !== undefined) throw new Error(`${resource.resource} have no family ${unknown}`);
  const selection = {
    resources: [resource],
    namespaces: [''],
    deniedNamespaces: [],
    wants: ({ name }: { readonly name: string }) => families.includes(name),
    allowedLabels: new Map(labels && [[resource.resource, allowKeys(labels)]]),
    allowedAnnotations: new Map(annotations && [[resource.resource, allowKeys(annotations)]]),
  };
  const items = isItems(objects) ? objects : [objects];
  const fromJson = await renderText(listerOf(jsonList(resource, items), mediaTypes.json), selection);
  const fromProtobuf = await renderText(
    listerOf(protobufList(resource, items), mediaTypes.protobuf),
    selection,
  );
  if (!isDeepStrictEqual(familiesOf(fromJson), familiesOf(fromProtobuf)))
    throw new Error(`JSON gives\n${fromJson}\nprotobuf gives\n${fromProtobuf}`);
  return fromJson.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function isItems(objects: JsonObject | readonly JsonObject[]): objects is readonly JsonObject[] {
  return Array.isArray(objects);
}

/** Answers with one list. */
function listerOf(body: Uint8Array, mediaType: string): Lister {
  return {
    cursor: () => '',
    async *parts({ kind }) {
      yield { items: decodeList(kind, body, mediaType).items, first: true };
    },
  };
}

function jsonList({ listKind, apiVersion }: KubeStateResource, items: readonly JsonObject[]): Uint8Array {
  return Buffer.from(encodeJson({ kind: listKind, apiVersion, metadata: {}, items }));
}

const messages = messagesWith(workloadMessages, otherMessages);

/** The items of a protobuf list, as fields of the list. */
export function protobufItems({ listKind }: KubeStateResource, items: readonly JsonObject[]): Uint8Array {
  const out = backwardBuffer(4096);
  putItems(out, messageNamed(listKind.replace(/List$/, ''), messages), items);
  return out.taken();
}

function protobufList({ listKind, apiVersion }: KubeStateResource, items: readonly JsonObject[]): Uint8Array {
  const out = backwardBuffer(4096);
  out.bytes(envelopeTail);
  const before = out.size();
  putItems(out, messageNamed(listKind.replace(/List$/, ''), messages), items);
  putMessage(out, messageNamed('ListMeta'), {}, 0x0a);
  putEnvelopeHead(out, apiVersion, listKind, out.size() - before);
  return out.taken();
}
