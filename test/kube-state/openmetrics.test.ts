import { expect, test } from '@jest/globals';
import { gzipHead } from '../../lib/kube-state/gzip-header.ts';
import { aboutOutput } from '../../lib/kube-state/metrics.ts';
import { resources } from '../../lib/kube-state/registry.ts';
import { render } from '../../lib/kube-state/render.ts';
import { openMetricsHeader } from '../../lib/kube-state/text/openmetrics.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { startTestServer } from '../sidecar/serve/test-server.ts';
import { cleanUpAfterEach } from '../sidecar/world.ts';
import { readOpenMetrics } from '../support/openmetrics.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { recordedLister } from './golden.ts';

cleanUpAfterEach();

const help = 'Whose.';

test.each([
  [{ name: 'a', help }, '# HELP a Whose.\n# TYPE a gauge\n'],
  [{ name: 'a_total', help, type: 'counter', stable: true }, '# HELP a [STABLE] Whose.\n# TYPE a counter\n'],
  [{ name: 'a_count', help, type: 'counter' }, '# HELP a_count Whose.\n# TYPE a_count unknown\n'],
  [{ name: 'a_info', help, type: 'info' }, '# HELP a Whose.\n# TYPE a info\n'],
  [{ name: 'a', help, type: 'info' }, '# HELP a Whose.\n# TYPE a unknown\n'],
  [{ name: '_info', help, type: 'info' }, '# HELP _info Whose.\n# TYPE _info unknown\n'],
  [{ name: 'a', help, type: 'stateset' }, '# HELP a Whose.\n# TYPE a gauge\n'],
  [
    { name: 'a', help, type: 'stateset', labels: ['a'], samples: () => undefined },
    '# HELP a Whose.\n# TYPE a stateset\n',
  ],
  [{ name: 'a', help: 'The "\\"\nof it' }, '# HELP a The \\"\\\\\\"\\nof it\n# TYPE a gauge\n'],
] as const)('the header of %j in OpenMetrics', (family, header) => {
  expect(openMetricsHeader(family)).toBe(header);
});

describeWithPrograms('an output with every family, of a recorded cluster', ['prometheusClient'], () => {
  test('is OpenMetrics to a strict reader, with the samples of the text', async () => {
    const listed = new Date('2026-05-01T10:00:00Z');
    const store = createMemoryStore();
    const body = await bodyOf(listed);
    await store.put('metrics/prod.prom.gz', body, { condition: 'any' });
    const server = await startTestServer(store, { now: () => listed.getTime() });
    const text = await server.get('/kube-state/prod');
    const openMetrics = await server.get('/kube-state/prod', { accept: 'application/openmetrics-text' });
    expect([text, openMetrics].map(({ headers }) => headers.get('content-type')?.split(';')[0])).toEqual([
      'text/plain',
      'application/openmetrics-text',
    ]);
    expect(samplesIn(openMetrics.text)).toEqual(samplesIn(text.text));
    const { types, samples } = readOpenMetrics(openMetrics.text);
    expect(samples).toBe(samplesIn(text.text).length);
    expect(Object.entries(types).filter(([, type]) => type !== 'gauge')).toEqual([
      ['kube_pod_container_status_restarts', 'counter'],
      ['kube_pod_init_container_status_restarts', 'counter'],
      ['kube_state_metrics_list', 'counter'],
    ]);
    expect(Object.keys(types)).toHaveLength(text.text.match(/^# TYPE /gm)?.length ?? 0);
    expect(() => readOpenMetrics(text.text)).toThrow('Clashing name');
  });
});

async function bodyOf(listed: Date): Promise<Uint8Array> {
  const rendered = await render(
    recordedLister('pb'),
    {
      resources,
      namespaces: [''],
      deniedNamespaces: [],
      wants: () => true,
      allowedLabels: new Map(),
      allowedAnnotations: new Map(),
    },
    new AbortController().signal,
  );
  try {
    const { objects, samples, splices, members } = rendered;
    const counts = { shard: 0, totalShards: 1, listings: 3, failedListings: 1 };
    const about = aboutOutput(
      { started: listed, duration: 1500, objects, samples, ...counts },
      rendered.size,
    );
    return Buffer.concat([gzipHead(listed, [...splices, ...about.splices]), ...members(), about.bytes]);
  } finally {
    rendered.close();
  }
}

function samplesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
