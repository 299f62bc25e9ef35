import { describe, expect, test } from '@jest/globals';
import { chooseFormat } from '../../../lib/sidecar/serve/kube-state.ts';

const text = 'text/plain; version=0.0.4; charset=utf-8';
const openMetrics = (version: string) => `application/openmetrics-text; version=${version}; charset=utf-8`;

describe('what Prometheus sends', () => {
  const ranges = {
    protobuf: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
    openMetrics1: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
    openMetrics0: 'application/openmetrics-text;version=0.0.1',
    text1: 'text/plain;version=1.0.0;escaping=allow-utf-8',
    text0: 'text/plain;version=0.0.4',
  };
  const asked = (...names: readonly (keyof typeof ranges)[]) =>
    [...names.map((name, index) => `${ranges[name]};q=0.${6 - index}`), '*/*;q=0.1'].join();

  test.each([
    ['by default', asked('openMetrics1', 'openMetrics0', 'text1', 'text0'), openMetrics('1.0.0')],
    [
      'with native histograms',
      asked('protobuf', 'openMetrics1', 'openMetrics0', 'text1'),
      openMetrics('1.0.0'),
    ],
    ['for the oldest OpenMetrics', asked('openMetrics0', 'text0'), openMetrics('0.0.1')],
    ['for text first', asked('text0', 'openMetrics1'), text],
    [
      'for text 1.0.0 first, which is not known here',
      asked('text1', 'openMetrics1', 'text0'),
      openMetrics('1.0.0'),
    ],
    ['for protobuf alone', asked('protobuf'), text],
  ])('%s, it gets what it likes best', (_, accept, contentType) => {
    expect(chooseFormat(accept).contentType).toBe(contentType);
  });
});

test.each([
  [undefined, text],
  ['', text],
  ['*/*', text],
  ['text/html,application/xhtml+xml,*/*;q=0.8', text],
  ['image/png', text],
  ['text/plain;q=0', text],
  ['application/openmetrics-text', openMetrics('1.0.0')],
  ['application/*', openMetrics('1.0.0')],
  ['APPLICATION/OpenMetrics-Text; Version="0.0.1"', openMetrics('0.0.1')],
  ['application/openmetrics-text;version=2.0.0', text],
  ['application/openmetrics-text;q=0.5,text/plain;q=0.5', openMetrics('1.0.0')],
  ['text/plain;q=0.5,application/openmetrics-text;q=0.5', text],
  ['*/*;q=0.9,application/openmetrics-text;q=0.5', text],
  [
    '*/*;q=0.5,application/openmetrics-text;version=1.0.0;q=0,application/openmetrics-text',
    openMetrics('0.0.1'),
  ],
  ['application/openmetrics-text;q=much', text],
])('to %j the answer is %s', (accept, contentType) => {
  expect(chooseFormat(accept).contentType).toBe(contentType);
});
