import { describe, expect, test } from '@jest/globals';
import { joinedService } from '../../../../lib/backends/kubernetes/roles/attached.ts';
import { joinedPod, pod } from '../../../../lib/backends/kubernetes/roles/pod.ts';
import { decodeStatus, mediaTypes } from '../../../../lib/backends/kubernetes/wire/list.ts';
import { MusterError } from '../../../../lib/base/errors.ts';
import { bytesField, envelope, listBody, metadataField, numberField } from '../encode.ts';
import { body, forms, kinds, recorded, recordings } from '../recorded.ts';
import { decodeWhole } from '../whole-page.ts';

describe('recorded lists', () => {
  test.each(kinds)('of %s read the same from protobuf and JSON', (name, kind) => {
    const page = recorded(kind, 'protobuf', name);
    expect(page).toEqual(recorded(kind, 'json', name));
    expect(page.items.length).toBeGreaterThan(0);
    expect({ ...page, items: [] }).toEqual({
      items: [],
      count: page.items.length,
      resourceVersion: '265',
      continueToken: '',
      remaining: undefined,
    });
  });

  test.each(forms)('of one namespace in %s hold what the whole list has of it', (form) => {
    const whole = recorded(pod, form).items;
    expect(recorded(pod, form, 'pods-payments').items).toEqual(
      whole.filter(({ namespace }) => namespace === 'payments'),
    );
  });

  test('by selector hold what the whole list has of it', () => {
    const { items } = recorded(pod, 'protobuf');
    expect(recorded(pod, 'protobuf', 'pods-label-selector').items).toEqual(
      items.filter(({ labels }) => labels[labels.indexOf('tier') + 1] === 'web'),
    );
    expect(recorded(pod, 'protobuf', 'pods-field-selector').items).toEqual(
      items.filter(({ phase }) => phase === 'Running'),
    );
    expect(recorded(pod, 'protobuf', 'pods-not-older-than').items).toEqual(items);
  });

  test('of pods for joins hold no container statuses, which only the pods themselves need', () => {
    const joined = recorded(joinedPod, 'protobuf').items;
    expect(recorded(pod, 'protobuf').items).toEqual(joined.map((item) => expect.objectContaining(item)));
    expect(joined.flatMap(Object.keys)).not.toContain('containerStatuses');
  });
});

describe('an error in place of a list', () => {
  const errors = recordings().filter(({ status }) => status >= 400);

  test.each(errors.map(({ name, status, contentType }) => [name, status, contentType] as const))(
    '%s is read as a status, and refused as a list in one line',
    (name, code, contentType) => {
      const bytes = body(name, contentType === mediaTypes.json ? 'json' : 'protobuf');
      const status = decodeStatus(bytes, contentType);
      expect(status).toEqual({
        code,
        reason: expect.any(String),
        message: expect.stringMatching(/^[^\n]+$/),
      });
      expect(refusal(() => decodeWhole(pod, bytes, contentType))).toBe(
        `the PodList from the API server is an error: ${status?.message}`,
      );
    },
  );

  test('is nothing when a proxy answers in its own words', () => {
    expect(decodeStatus(Buffer.from('<html>Bad gateway</html>'), 'text/html')).toBeUndefined();
    expect(decodeStatus(Buffer.from('{"message":"nope"}'), mediaTypes.json)).toBeUndefined();
    expect(decodeStatus(body('services', 'protobuf'), mediaTypes.protobuf)).toBeUndefined();
  });
});

const meta = { name: 'a', namespace: 'b' };
const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [{ metadata: meta }] };
const ports = (port: unknown) => ({ metadata: meta, spec: { containers: [{}, { ports: [port] }] } });

describe('malformed JSON', () => {
  test.each([
    ['is not JSON', '{'],
    ['is not an object', []],
    ['is not an object', null],
    [': kind is not a string', { ...list, kind: 1 }],
    [': apiVersion is not a string', { ...list, apiVersion: undefined }],
    ["is a 'Table' of 'meta.k8s.io/v1'", { ...list, kind: 'Table', apiVersion: 'meta.k8s.io/v1' }],
    ["is a 'PodList' of 'v2'", { ...list, apiVersion: 'v2' }],
    ['has no items', { ...list, items: undefined }],
    ['has no metadata', { ...list, metadata: null }],
    [': metadata is not an object', { ...list, metadata: 'x' }],
    [': metadata.remainingItemCount is not a count', { ...list, metadata: { remainingItemCount: -1 } }],
    [': metadata.continue is not a string', { ...list, metadata: { continue: 1 } }],
    [': items is not a list', { ...list, items: {} }],
    [': items[1] is not an object', { ...list, items: [list.items[0], null] }],
    [': items[0] has no metadata.name', { ...list, items: [{ metadata: { namespace: 'b' } }] }],
    [': items[0] has no metadata.namespace', { ...list, items: [{ metadata: { name: 'a' } }] }],
    [
      ': items[0].metadata.labels is not a string',
      { ...list, items: [{ metadata: { ...meta, labels: { x: 1 } } }] },
    ],
    [
      ': items[0].metadata.labels is not an object',
      { ...list, items: [{ metadata: { ...meta, labels: [] } }] },
    ],
    [
      ': items[0].spec.containers[1].ports[0].containerPort is not a number of 32 bits',
      { ...list, items: [ports({ containerPort: 2 ** 31 })] },
    ],
    [
      ': items[0].spec.containers[1].ports[0].containerPort is not a number of 32 bits',
      { ...list, items: [ports({ containerPort: '80' })] },
    ],
    [
      ': items[0].metadata.ownerReferences[0].controller is not true or false',
      { ...list, items: [{ metadata: { ...meta, ownerReferences: [{ controller: 'true' }] } }] },
    ],
  ])('%s', (words, json) => {
    const bytes = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
    expect(refusal(() => decodeWhole(pod, bytes, mediaTypes.json))).toBe(said(words));
  });

  test('is not what one text is that is not UTF-8: its bytes are replaced, and its object is named', () => {
    const one = { metadata: { ...meta, annotations: { note: 'X', half: '\ud800' } } };
    const json = JSON.stringify({ ...list, items: [one] }).replace('"X"', '"\xff"');
    const page = decodeWhole(pod, Buffer.from(json, 'latin1'), mediaTypes.json);
    expect([page.replaced, page.items[0]?.annotations]).toEqual([
      `${meta.namespace}/${meta.name}`,
      ['note', '\ufffd', 'half', '\ufffd'],
    ]);
  });

  test('does not quote the body, which may hold a secret', () => {
    const error = thrown(() => decodeWhole(pod, Buffer.from('{"kind": hunter2'), mediaTypes.json));
    expect([error.message, error.cause]).toEqual([said('is not JSON'), undefined]);
  });

  test('may have null for what is empty, as Go writes it', () => {
    const bytes = Buffer.from(JSON.stringify({ ...list, items: null }));
    expect(decodeWhole(pod, bytes, `${mediaTypes.json}; charset=utf-8`).items).toEqual([]);
  });
});

const service = (...fields: Buffer[]) => listBody('v1', 'ServiceList', [Buffer.concat(fields)]);
const named = metadataField('a', 'b');
const listMeta = bytesField(1, bytesField(2, '7'));

describe('malformed protobuf', () => {
  test.each([
    ['does not start with the bytes of protobuf', Buffer.from('k8s')],
    ['does not start with the bytes of protobuf', Buffer.from(JSON.stringify(list))],
    ['holds no object', Buffer.from('k8s\0')],
    ['ends in the middle of a number', Buffer.from('k8s\0\x80', 'latin1')],
    ['has a length past its end', Buffer.from('k8s\0\x0a\x7f', 'latin1')],
    ['is not the message that holds an object', Buffer.concat([Buffer.from('k8s\0'), bytesField(5, 'x')])],
    ['is not the message that holds an object', Buffer.concat([service(named), bytesField(2, 'x')])],
    ['holds its object in an unknown encoding', Buffer.concat([service(named), bytesField(3, 'gzip')])],
    ["is a 'PodList' of 'v1'", listBody('v1', 'PodList', [])],
    ['has no metadata', envelope('v1', 'ServiceList', bytesField(2, named))],
    ['has a field 3, which it should not have', envelope('v1', 'ServiceList', bytesField(3, named))],
    [': metadata comes twice', envelope('v1', 'ServiceList', Buffer.concat([listMeta, listMeta]))],
    [
      ': metadata.remainingItemCount is not a count',
      envelope('v1', 'ServiceList', bytesField(1, numberField(4, -1))),
    ],
    [': items[0] has no metadata.name', service(metadataField('', 'b'))],
    [': items[0] has no metadata.namespace', service(metadataField('a', ''))],
    [': items[0].metadata comes twice', service(named, named)],
    [': items[0].metadata has another wire type than it should', service(numberField(1, 1))],
    [': items[0].metadata.labels[1].value has a length past its end', service(brokenSecondLabel())],
    [
      ': items[0] has a length past its end',
      service(named, Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f])),
    ],
    [': items[0] has a length past its end', service(named, Buffer.from([0x1a, ...negative()]))],
    [': items[0] has a number of more than ten bytes', service(named, Buffer.alloc(12, 0xff))],
    [': items[0] has a field without a number', service(named, numberField(0, 1))],
    [': items[0] has a field of the unknown wire type 3', service(named, Buffer.from([0x1b]))],
    [': items[0] ends in the middle of a number', service(named, Buffer.from([0x1d, 1, 2, 3]))],
    [': items[0] ends in the middle of a number', service(named, Buffer.from([0x19, 1, 2, 3, 4]))],
  ])('%s', (words, bytes) => {
    expect(refusal(() => decodeWhole(joinedService, bytes, mediaTypes.protobuf))).toBe(
      said(words, 'ServiceList'),
    );
  });

  test('of another content type is not guessed at', () => {
    expect(refusal(() => decodeWhole(pod, body('pods', 'protobuf'), 'text/html'))).toBe(
      said("is neither protobuf nor JSON but 'text/html'"),
    );
  });
});

test('fields of every wire type that no label needs are left out', () => {
  const bytes = service(
    numberField(9, 2n ** 63n),
    named,
    Buffer.from([0x1d, 1, 2, 3, 4]),
    Buffer.from([0x19, 1, 2, 3, 4, 5, 6, 7, 8]),
    bytesField(5000, 'x'),
  );
  expect(decodeWhole(joinedService, bytes, mediaTypes.protobuf).items).toEqual([
    { name: 'a', namespace: 'b', labels: [], annotations: [] },
  ]);
});

function brokenSecondLabel(): Buffer {
  const broken = Buffer.concat([bytesField(1, 'y'), Buffer.from([0x12, 9])]);
  return metadataField(
    'a',
    'b',
    bytesField(11, bytesField(1, 'x'), bytesField(2, '1')),
    bytesField(11, broken),
  );
}

/** -1 as a length. */
function negative(): Buffer {
  return Buffer.from([...Buffer.alloc(9, 0xff), 1]);
}

function said(words: string, kind = 'PodList'): string {
  return `the ${kind} from the API server${words.startsWith(':') ? '' : ' '}${words}`;
}

function thrown(decode: () => unknown): MusterError {
  try {
    decode();
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function refusal(decode: () => unknown): string {
  const { kind, message } = thrown(decode);
  expect(kind).toBe('malformed');
  return message;
}
