import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { file } from '../../lib/backends/file/index.ts';
import { staticTargets } from '../../lib/backends/file/static.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

describeWithPrograms('what needs no listing, as a real Prometheus reads it', ['promtool'], () => {
  test('files have the same targets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-file-'));
    try {
      await writeFile(
        join(folder, 'a.json'),
        '[{"targets":["a:1","b"],"labels":{"team":"x","größe":"ü","empty":""}},{"Targets":["c:3"]},{"targets":null}]',
      );
      await writeFile(
        join(folder, 'b.yml'),
        '- targets: [d:4]\n  labels: {port: 4, yes: true}\n- targets: []\n',
      );
      const stanza = { files: ['*.json', 'b.yml'].map((name) => join(folder, name)) };
      const ours = targetTexts((await listTargets(file, stanza)).groups);
      expect(ours.length).toBe(4);
      expect(await discoverWithPromtool({ file_sd_configs: [stanza] }, ours.length)).toEqual(ours);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('static targets have the same labels', async () => {
    const stanza = { targets: ['a:1', '[::1]:2', 'c'], labels: { team: 'x', 'a.b': '1', empty: '' } };
    const ours = targetTexts((await listTargets(staticTargets, stanza)).groups);
    expect(await discoverWithPromtool({ static_configs: [stanza] }, ours.length)).toEqual(ours);
  });
});
