import type { FleetAnswer } from '../../faults.ts';
import { type BackwardBuffer, backwardBuffer } from '../wire/buffers.ts';
import { encodeJson, type JsonObject } from '../wire/json.ts';
import { putEnveloped, putLength, putText, tagOf } from '../wire/protobuf.ts';
import { type Form, mediaTypes } from './answers.ts';
import type { Listing } from './list.ts';
import { apiVersionOf, type Resource } from './resources.ts';

/** Where a watch begins, and what it sends. */
export interface WatchOptions {
  readonly version: number;
  /** Whether the client likes bookmarks: then it gets one at once. */
  readonly bookmarks: boolean;
  /** What a streaming list sends first, as if each object had just been added. */
  readonly initial: Listing | undefined;
}

/** A watch in which nothing happens after its first events: open until the client goes. */
export function watchAnswer(resource: Resource, options: WatchOptions, form: Form): FleetAnswer {
  const type = form === 'json' ? mediaTypes.json : `${mediaTypes.protobuf};stream=watch`;
  return {
    headers: { 'cache-control': 'no-cache, private', 'content-type': type },
    body: '',
    more: events(resource, options, form),
    open: true,
  };
}

function* events(
  resource: Resource,
  { version, bookmarks, initial }: WatchOptions,
  form: Form,
): Iterable<Uint8Array> {
  const encode = form === 'json' ? jsonEvents : protobufEvents(backwardBuffer(1 << 16));
  for (const objects of initial?.pieces() ?? []) yield encode('ADDED', resource, objects);
  if (!bookmarks) return;
  const annotations = initial === undefined ? undefined : { 'k8s.io/initial-events-end': 'true' };
  yield encode('BOOKMARK', resource, [{ metadata: { resourceVersion: String(version), annotations } }]);
}

type EncodeEvents = (type: string, resource: Resource, objects: readonly JsonObject[]) => Uint8Array;

const jsonEvents: EncodeEvents = (type, resource, objects) => {
  const { kind } = resource;
  const apiVersion = apiVersionOf(resource);
  const lines = objects.map((object) => `${encodeJson({ type, object: { kind, apiVersion, ...object } })}\n`);
  return Buffer.from(lines.join(''));
};

/** A `WatchEvent` of meta/v1 each, its length in four bytes in front: type is field 1, a RawExtension field 2. */
function protobufEvents(out: BackwardBuffer): EncodeEvents {
  return (type, resource, objects) => {
    const typed = { apiVersion: apiVersionOf(resource), kind: resource.kind, message: resource.message };
    for (const object of objects.toReversed()) {
      const before = out.size();
      putEnveloped(out, typed, object);
      putLength(out, before, tagOf(1, 'bytes'));
      putLength(out, before, tagOf(2, 'bytes'));
      putText(out, type, tagOf(1, 'bytes'));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(out.size() - before);
      out.bytes(length);
    }
    return out.taken();
  };
}
