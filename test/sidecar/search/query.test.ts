import { describe, expect, test } from '@jest/globals';
import {
  fitsLabels,
  fittingTargets,
  foundIn,
  narrowQuery,
  parseQuery,
  termText,
} from '../../../lib/sidecar/search/query.ts';

const word = (text: string, not = false) => [{ kind: 'word', text, not }];
const equals = (name: string, text: string, not = false) => [{ kind: 'equals', name, text, not }];
const matches = (name: string, text: string, not = false) => [{ kind: 'matches', name, text, not }];

describe('a query', () => {
  test.each([
    ['', []],
    ['   ', []],
    ['web-1', [word('web-1')]],
    ['10.0.0.1:9100  web', [word('10.0.0.1:9100'), word('web')]],
    ['zone=eu', [equals('zone', 'eu')]],
    ['zone!=eu', [equals('zone', 'eu', true)]],
    ['-zone=eu', [equals('zone', 'eu', true)]],
    ['!zone!=eu', [equals('zone', 'eu')]],
    ['tags~prod', [matches('tags', 'prod')]],
    ['tags=~prod', [matches('tags', 'prod')]],
    ['tags!~^a|b$', [matches('tags', '^a|b$', true)]],
    ['-canary !x', [word('canary', true), word('x', true)]],
    ['"-canary"', [word('-canary')]],
    ['- !', [word('-'), word('!')]],
    ['zone=', [equals('zone', '')]],
    ['zone!=""', [equals('zone', '', true)]],
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
    ['a OR b c', [[...word('a'), ...word('b')], word('c')]],
    ['x a=1 OR a=2 OR -b', [word('x'), [...equals('a', '1'), ...equals('a', '2'), ...word('b', true)]]],
    ['OR a OR', [word('a')]],
    ['or', [word('or')]],
  ])('%j', (text, query) => {
    expect(parseQuery(text)).toEqual(query);
  });

  test('is bounded, however long it is', () => {
    expect(parseQuery('x '.repeat(1000))).toHaveLength(20);
    expect(parseQuery('x'.repeat(10_000))).toEqual([word('x'.repeat(500))]);
  });

  test.each(['a~(', 'a!~[', 'a~(?=x)', 'a~\\1'])('%j is refused: it is no expression of RE2', (text) => {
    expect(() => parseQuery(text)).toThrow(/is not a regular expression of RE2/);
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
    ['zone~^e.$', [0, 1]],
    ['zone~^u', []],
    ['zone!~^u', [0, 1]],
    ['zone!=us', [0, 1]],
    ['zone!=eu', []],
    ['rack!=a', [0, 1]],
    ['rack=', [0, 1]],
    ['rack!=', []],
    ['zone=', []],
    ['zone!=', [0, 1]],
    ['-example', [0]],
    ['example OR zone=us', [1]],
    ['zone=us OR zone=eu', [0, 1]],
    ['zone=us OR -example', [0]],
    ['address~^10', [0]],
    ['address=', []],
    ['address!~:80$', []],
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
    const byLabels = group.targets.map((address) =>
      fitsLabels(parseQuery(text), Object.entries({ ...group.labels, __address__: address })),
    );
    expect(byLabels.flatMap((fits, index) => (fits ? [index] : []))).toEqual(fitting);
  });

  test('marks what was found, and nothing that was turned round', () => {
    expect(foundIn(parseQuery('zone~^e -u zone=eu "x y"'), ['zone', 'eu'])).toEqual(['e', 'eu']);
  });

  test('is written as it is read', () => {
    expect(['eu', 'a b', ''].map((value) => parseQuery(termText('zone', value)))).toEqual([
      [equals('zone', 'eu')],
      [equals('zone', 'a b')],
      [equals('zone', '')],
    ]);
  });

  test('knows the job and the provider of a file', () => {
    const file = { job: 'shop/eu', provider: 'consul-0' };
    expect(narrowQuery(parseQuery('job=shop/eu web'), file)).toEqual([word('web')]);
    expect(narrowQuery(parseQuery('job~EU provider=consul-0'), file)).toEqual([]);
    expect(narrowQuery(parseQuery('job=shop'), file)).toBeUndefined();
    expect(narrowQuery(parseQuery('provider=consul-1'), file)).toBeUndefined();
    expect(narrowQuery(parseQuery('mechanism=consul'), file)).toEqual([]);
    expect(narrowQuery(parseQuery('mechanism!=consul'), file)).toBeUndefined();
    expect(narrowQuery(parseQuery('job=x OR web'), file)).toEqual([word('web')]);
    expect(narrowQuery(parseQuery('job!=x OR web'), file)).toEqual([]);
  });
});
