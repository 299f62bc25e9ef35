import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { guessPlural } from '../../../lib/kube-state/cluster-role.ts';
import { openCustomSheet } from '../../../lib/kube-state/custom/collect.ts';
import type { CustomObject } from '../../../lib/kube-state/custom/family.ts';
import { openJoined } from '../../../lib/kube-state/text/blocks.ts';
import type { LabelledFamily } from '../../../lib/kube-state/text/family.ts';
import { openPress } from '../../../lib/kube-state/text/press.ts';
import { openSpill } from '../../../lib/kube-state/text/spill.ts';
import { customText } from './rendering.ts';

function family(name: string, help: string): LabelledFamily<CustomObject> {
  const labelled = (object: CustomObject) => [{ labels: [['name', object.name]] as const, value: 1 }];
  return { name, help, type: 'info', labelled };
}

function object(name: string): CustomObject {
  return { namespace: '', name, uid: name, labels: [], annotations: [], content: {} };
}

test('a list that begins anew leaves nothing of itself, and all of the lists before', async () => {
  const spill = openSpill();
  const press = openPress(spill);
  const whole = openJoined(press);
  try {
    const sheet = openCustomSheet(press, whole);
    const before = sheet.of([family('a_info', 'first'), family('b', 'b')]);
    before.write(object('one'));
    const again = sheet.of([family('a_info', 'second'), family('c', 'c')]);
    const mark = again.mark();
    again.write(object('lost'));
    again.backTo(mark);
    again.write(object('two'));
    sheet.of([family('unused', 'without an object')]);
    const { objects, families } = sheet.finish();
    const members = whole.end();
    await press.finish();
    const text = members.map((member) => {
      const bytes = Buffer.alloc(member.length);
      spill.read(member, bytes);
      return gunzipSync(bytes).toString();
    });
    expect({ text: text.join(''), objects, families }).toEqual({
      text: `# HELP a_info first
# TYPE a_info gauge
a_info{name="one"} 1
a_info{name="two"} 1
# HELP b b
# TYPE b gauge
b{name="one"} 1
# HELP c c
# TYPE c gauge
c{name="two"} 1
`,
      objects: 2,
      families: new Map([
        ['a_info', { samples: 2, objects: 2 }],
        ['b', { samples: 1, objects: 1 }],
        ['c', { samples: 1, objects: 1 }],
      ]),
    });
  } finally {
    press.close();
    spill.close();
  }
});

test('an object has the version and kind of its list where it says none', async () => {
  const configuration = `
spec:
  resources:
    - groupVersionKind: {group: myteam.io, version: v1, kind: Foo}
      resourcePlural: foos
      metricNamePrefix: ""
      metrics:
        - {name: a_info, each: {type: Info, info: {labelsFromPath: {version: [apiVersion], kind: [kind]}}}}
`;
  const metadata = { name: 'foo', namespace: 'default', uid: 'f00' };
  const text = await customText(configuration, {
    'myteam.io/v1/foos': [{ metadata }, { metadata, kind: 'Own', apiVersion: 'own/v2' }],
  });
  expect(text.split('\n').slice(2, -1)).toEqual(
    ['kind="Foo",version="myteam.io/v1"', 'kind="Own",version="own/v2"'].map(
      (labels) =>
        `a_info{customresource_group="myteam.io",customresource_kind="Foo",customresource_version="v1",${labels}} 1`,
    ),
  );
});

test.each([
  ['Certificate', 'certificates'],
  ['Foo', 'foos'],
  ['VerticalPodAutoscaler', 'verticalpodautoscalers'],
  ['Gateway', 'gateways'],
  ['NetworkPolicy', 'networkpolicies'],
  ['Ingress', 'ingresses'],
  ['Prometheus', 'prometheus'],
  ['Index', 'indices'],
  ['Mailbox', 'mailboxes'],
  ['Patch', 'patches'],
])('%s in the plural is likely %s', (kind, plural) => {
  expect(guessPlural(kind)).toBe(plural);
});
