import { describe, expect, test } from '@jest/globals';
import { fittingTargets, narrowQuery, parseQuery, tellingTexts } from '../../../lib/sidecar/search/query.ts';

const word = (text: string) => ({ kind: 'word', text });
const equals = (name: string, text: string) => ({ kind: 'equals', name, text });
const holds = (name: string, text: string) => ({ kind: 'holds', name, text });

describe('a query', () => {
  test.each([
    ['', []],
    ['   ', []],
    ['web-1', [word('web-1')]],
    ['10.0.0.1:9100  web', [word('10.0.0.1:9100'), word('web')]],
    ['zone=eu', [equals('zone', 'eu')]],
    ['tags~prod', [holds('tags', 'prod')]],
    ['zone=', [equals('zone', '')]],
    ['zone="eu west"', [equals('zone', 'eu west')]],
    ['"two words" x', [word('two words'), word('x')]],
    ['"a=b"', [word('a=b')]],
    ['a=b=c', [equals('a', 'b=c')]],
    ['=x', [word('=x')]],
    ['"open', [word('open')]],
    ['""', []],
    ['zone="open', [equals('zone', 'open')]],
    ['日本 ünï', [word('日本'), word('ünï')]],
    ['<script>', [word('<script>')]],
  ])('%j', (text, query) => {
    expect(parseQuery(text)).toEqual(query);
  });

  test('is bounded, however long it is', () => {
    expect(parseQuery('x '.repeat(1000))).toHaveLength(10);
    expect(parseQuery('x'.repeat(10_000))).toEqual([word('x'.repeat(500))]);
  });

  const group = {
    targets: ['10.0.0.1:80', 'Web.example:80'],
    labels: { __meta_consul_service: 'Shop Web', zone: 'eu', 'quoted"name': 'a\\b' },
  };

  test.each([
    ['', [0, 1]],
    ['WEB', [0, 1]],
    ['example', [1]],
    ['example eu', [1]],
    ['example us', []],
    ['ZONE', [0, 1]],
    ['zone=eu', [0, 1]],
    ['zone=EU', []],
    ['zone~E', [0, 1]],
    ['service="Shop Web"', [0, 1]],
    ['__meta_consul_service="Shop Web"', [0, 1]],
    ['consul_service="Shop Web"', [0, 1]],
    ['ervice="Shop Web"', []],
    ['address=10.0.0.1:80', [0]],
    ['__address__~WEB', [1]],
    ['address~.', [0, 1]],
    ['__address', []],
    ['a\\b', [0, 1]],
    ['quoted"name', [0, 1]],
  ])('%j finds the targets %j', (text, fitting) => {
    expect(fittingTargets(parseQuery(text), group)).toEqual(fitting);
  });

  test('knows the job and the provider of a file', () => {
    const file = { job: 'shop/eu', provider: 'consul-0' };
    expect(narrowQuery(parseQuery('job=shop/eu web'), file)).toEqual([word('web')]);
    expect(narrowQuery(parseQuery('job~EU provider=consul-0'), file)).toEqual([]);
    expect(narrowQuery(parseQuery('job=shop'), file)).toBeUndefined();
    expect(narrowQuery(parseQuery('provider=consul-1'), file)).toBeUndefined();
  });

  test.each([
    ['', []],
    ['web', [{ text: 'web', exact: false }]],
    [
      'a longer',
      [
        { text: 'longer', exact: false },
        { text: 'a', exact: false },
      ],
    ],
    ['service=web', [{ text: 'service":"web"', exact: true }]],
    ['address=a:1', [{ text: '"a:1"', exact: true }]],
    ['zone="a\\b"', [{ text: 'zone":"a\\\\b"', exact: true }]],
    ['日本web', [{ text: 'web', exact: false }]],
    ['日本', []],
  ])('%j is looked for as %j', (text, telling) => {
    expect(tellingTexts(parseQuery(text))).toEqual(telling);
  });
});
