import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { promtoolTargets } from '../../backends/kubernetes/recorded.ts';
import { readGolden, readGoldenText } from '../../support/golden.ts';
import { describeWithPrograms } from '../../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../../support/promtool.ts';
import { startRecordedCluster } from './recorded-cluster.ts';

const recordings = z
  .array(
    z.object({
      name: z.string(),
      request: z.object({ path: z.string(), accept: z.string(), authorization: z.string().optional() }),
      status: z.number(),
      contentType: z.string(),
      file: z.string(),
    }),
  )
  .parse(JSON.parse(readGoldenText('kubernetes/index.json')));

describe('what a real API server answered is answered byte for byte', () => {
  test.each(
    recordings
      .filter(({ name }) => name !== 'version')
      .map((recording) => [recording.name, recording.request.accept, recording] as const),
  )('%s as %s', async (_name, _accept, { request, status, contentType, file }) => {
    await using server = await startRecordedCluster();
    const { path, accept, authorization = 'Bearer sekrit' } = request;
    const response = await fetch(server.url + path, {
      headers: { accept, authorization, 'accept-encoding': 'identity' },
    });
    const recorded = readGolden(`kubernetes/${file.replace(/\.gz$/, '')}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, contentType]);
    // Compared as text: a difference is then shown, and latin1 hides none.
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toBe(recorded.toString('latin1'));
  });

  test('version: but for the build, which is another one', async () => {
    await using server = await startRecordedCluster();
    const response = await fetch(`${server.url}/version`, { headers: { authorization: 'Bearer sekrit' } });
    const text = readGoldenText('kubernetes/responses/version.json');
    const own = { gitVersion: 'v1.36.0-simulated', gitCommit: '0'.repeat(40), goVersion: 'go0' };
    expect(await response.json()).toEqual({ ...JSON.parse(text), ...own });
  });
});

describeWithPrograms('promtool cannot tell it from the real server', ['promtool'], () => {
  const roles = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'];
  const withNodes = ['pod', 'endpoints', 'endpointslice'];

  test.each([true, false])(
    'in any role, with and without nodes attached (streaming lists: %s)',
    async (watchList) => {
      await using server = await startRecordedCluster({ watchList });
      const stanza = (role: string) => ({
        role,
        api_server: server.url,
        authorization: { credentials: 'sekrit' },
      });
      const cases = [
        ...roles.map((role) => [role, stanza(role)] as const),
        ...withNodes.map(
          (role) => [`${role}-meta`, { ...stanza(role), attach_metadata: { node: true } }] as const,
        ),
      ];
      await Promise.all(
        cases.map(async ([name, sdConfig]) => {
          const recorded = targetTexts([{ source: '', labels: {}, targets: promtoolTargets(name) }]);
          const found = await discoverWithPromtool({ kubernetes_sd_configs: [sdConfig] }, recorded.length);
          expect([name, found]).toEqual([name, recorded]);
        }),
      );
      const queries = server.requests.map(({ query }) => query);
      expect(queries.some((query) => query.has('limit'))).toBe(!watchList);
      expect(queries.every((query) => query.has('watch') || query.get('resourceVersion') === '0')).toBe(true);
    },
    60_000,
  );
});
