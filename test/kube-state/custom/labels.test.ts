import { describe, expect, test } from '@jest/globals';
import { customText } from './rendering.ts';

describe('labels', () => {
  const infoOf = (labels: string, spec: unknown) =>
    customText(
      `
spec:
  resources:
    - groupVersionKind: {group: myteam.io, kind: Foo, version: v1}
      resourcePlural: foos
      metrics:
        - name: a_info
          commonLabels: {customresource_kind: changed, given: fixed}
          labelsFromPath: {${labels}}
          each: {type: info, info: {path: [metadata], labelsFromPath: {name: [name]}}}`,
      { 'myteam.io/v1/foos': [{ metadata: { name: 'foo', namespace: 'default', uid: 'f00' }, spec }] },
    );

  test('take what Go prints of a value', async () => {
    const spec = {
      text: 'a "b"\n\\',
      whole: 1234567,
      large: 4611686018427387905n,
      lowest: -9223372036854775808n,
      larger: 9223372036854775808n,
      huge: 1e20,
      fraction: 0.000012,
      yes: true,
      list: [1, 'two', null, [3.5]],
      map: { z: { y: 1 }, b: 'x' },
      nothing: null,
      broken: '\ud800',
    };
    const labels = Object.keys(spec).map((key) => `${key}: [spec, ${key}]`);
    expect((await infoOf(labels.join(', '), spec)).split('\n')[2]).toBe(
      'kube_customresource_a_info{broken="\ufffd",customresource_group="myteam.io",customresource_kind="changed",customresource_version="v1",fraction="1.2e-05",given="fixed",huge="1e+20",large="4611686018427387905",larger="9.223372036854776e+18",list="[1 two <nil> [3.5]]",lowest="-9223372036854775808",map="map[b:x z:map[y:1]]",name="foo",text="a \\"b\\"\\n\\\\",whole="1234567",yes="true"} 1',
    );
  });

  // A JavaScript number holds 53 bits: both would be one series.
  test('keep two objects apart whose whole numbers differ past 2^53', async () => {
    const label = async (id: bigint) => (await infoOf('id: [spec, id]', { id })).match(/,id="(\d+)"/)?.[1];
    expect([await label(9007199254740992n), await label(9007199254740993n)]).toEqual([
      '9007199254740992',
      '9007199254740993',
    ]);
  });

  test('have names without what no name may have', async () => {
    const spec = {
      'app.kubernetes.io/name': 'a',
      '1st': 'b',
      __name__: 'c',
      ümlaut: 'd',
      given: 'own',
      no: null,
    };
    expect((await infoOf('"*": [spec], "x-y": [spec, 1st]', spec)).split('\n')[2]).toBe(
      'kube_customresource_a_info{_1st="b",___name__="c",_mlaut="d",app_kubernetes_io_name="a",customresource_group="myteam.io",customresource_kind="changed",customresource_version="v1",given="own",name="foo",no="<nil>",x_y="b"} 1',
    );
  });

  test('of their own name stand over those of a star, and stars stand in the order of their names', async () => {
    const spec = { one: { a: '1', b: '1', c: '1' }, two: { a: '2', b: '2' }, three: { a: '3' } };
    expect(
      (await infoOf('"*": [spec, one], "*z": [spec, two], a: [spec, three, a]', spec)).split('\n')[2],
    ).toBe(
      'kube_customresource_a_info{a="3",b="2",c="1",customresource_group="myteam.io",customresource_kind="changed",customresource_version="v1",given="fixed",name="foo"} 1',
    );
  });
});
