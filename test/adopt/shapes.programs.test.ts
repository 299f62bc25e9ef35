import { execFile } from 'node:child_process';
import { mkdtemp, mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { diffLines } from '../../lib/adopt/diff.ts';
import { readSources } from '../../lib/adopt/sources.ts';
import { type Verdict, verifyAdoption } from '../../lib/adopt/verify.ts';
import { mechanisms } from '../../lib/backends/registry.ts';
import { createLimit } from '../../lib/base/concurrency.ts';
import { silentLogger } from '../../lib/base/logger.ts';
import { readApp } from '../../lib/run/app.ts';
import type { AppProvider } from '../../lib/run/providers.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { shapes } from '../config/shapes.ts';
import { runHere } from '../support/io.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-adopt-shapes-'));
  file = join(folder, 'prometheus.yml');
});
afterEach(() => rm(folder, { recursive: true }));

const ours = shapes.filter(({ providers }) => providers.length > 0);
const byFile = ['--to', 'muster'];
const byHttp = ['--http', 'http://localhost:9469'];

describe('a prometheus.yml in the shape of real ones', () => {
  test.each(ours)('$name: loses its stanzas and nothing else', async ({ text }) => {
    await writeFile(file, text);
    for (const options of [byFile, byHttp]) {
      expect((await runHere(['adopt', file, ...options, '--write'])).code).toBe(0);
      const after = await readFile(file, 'utf8');
      const lines = diffLines(text.split('\n'), after.split('\n')).filter(({ mark }) => mark !== ' ');
      const isOneLine = text.split('\n').length === 1;
      const strange = lines.filter(({ mark, text: line, before }) => {
        if (isOneLine) return false;
        if (mark === '+') return !isNewStanza(line);
        const isWidened = lines.some((one) => one.mark === '+' && one.text.replace(inFlow, '') === line);
        return !isWidened && !isInStanza(text.split('\n'), before);
      });
      expect(strange).toEqual([]);
      expect((await runHere(['adopt', file, '--undo'])).code).toBe(0);
      expect(await readFile(file, 'utf8')).toBe(text);
      await rm(join(folder, 'muster.yml'));
    }
  });

  test.each(ours)('$name: muster.yml has the same providers, and no secret', async ({ text, providers }) => {
    await writeFile(file, text);
    expect((await runHere(['adopt', file, '--write'])).code).toBe(0);
    const app = await readApp(join(folder, 'muster.yml'), { env: {}, log: silentLogger });
    expect(app.providers.map(({ job, provider }) => `${job}/${provider}`).sort()).toEqual(
      [...providers].sort(),
    );
    expect(app.leftAlone).toEqual([]);
    const left = await readApp(file, { env: {}, log: silentLogger });
    expect(left.providers).toEqual([]);
  });
});

/** What is added to a job that stands on one line. */
const inFlow = /, (?:file|http)_sd_configs: \[\{.*?\}\]/;

/** A line that holds what stands in the place of a stanza. */
function isNewStanza(line: string): boolean {
  return /(?:file|http)_sd_configs|^\s*- (?:files|url): |_sd_configs: \[\]$|&(?:sd|one) /.test(line);
}

/** Whether the line is one of a stanza that Muster reads: its key is above, and no key as far left is between. */
function isInStanza(lines: readonly string[], index: number): boolean {
  const stanza = new RegExp(`(?:${mechanisms.map(({ name }) => name).join('|')}|file)_sd_configs`);
  for (let at = index; at >= 0; at--) {
    const line = lines[at] ?? '';
    if (stanza.test(line)) {
      const column = line.search(stanza);
      const between = lines.slice(at + 1, index + 1);
      return between.every(
        (one) => one.trim() === '' || one.search(/\S/) > column || /^\s*(?:- |#|\])/.test(one),
      );
    }
  }
  return false;
}

/** Targets of any mechanism, with a label of each kind. */
const list = async ({ job, mechanism, provider }: AppProvider) =>
  toGroups(
    [1, 2, 3].map((number) => ({
      source: `${provider}/${number}`,
      labels: { [`__meta_${mechanism}_zone`]: 'a', __meta_dns_name: 'a.example.com', own: job },
      targets: [
        { __address__: `10.0.0.${number}:80` },
        { __address__: `10.0.1.${number}:80`, __meta_last: 'yes' },
      ],
    })),
  );

describeWithPrograms('and Prometheus itself', ['promtool'], () => {
  const PATH = dirname(requireProgram('promtool'));
  const known = ours.filter(({ text }) => !/consul_sd_configs|kuma_sd|azure_sd/.test(text));

  test.each(known)('$name: takes the new file', async ({ text }) => {
    await writeFile(file, text);
    for (const options of [byFile, byHttp]) {
      expect((await runHere(['adopt', file, ...options, '--write'])).code).toBe(0);
      const args = ['check', 'config', '--syntax-only', file];
      expect((await promisify(execFile)(join(PATH, 'promtool'), args)).stdout).toContain('SUCCESS');
      expect((await runHere(['adopt', file, '--undo'])).code).toBe(0);
      await rm(join(folder, 'muster.yml'));
    }
  });

  // promtool waits for a second each time: many at once, and each test looks at what came of its own.
  const limit = createLimit(8);
  const verified = new Map<string, Promise<readonly Verdict[]>>();
  beforeAll(() => {
    for (const { name, text } of ours) {
      const verdicts = limit(() => verify(text));
      verdicts.catch(() => undefined);
      verified.set(name, verdicts);
    }
  });

  async function verify(text: string): Promise<readonly Verdict[]> {
    await using place = await mkdtempDisposable(join(tmpdir(), 'muster-verify-'));
    const path = join(place.path, 'prometheus.yml');
    await writeFile(path, text);
    const options = { muster: join(place.path, 'muster.yml'), to: 'muster', needed: false };
    const input = { env: { PATH }, log: silentLogger, signal: new AbortController().signal, list };
    return await verifyAdoption(await readSources(path), options, input);
  }

  test.each(ours)("$name: finds the same targets in Muster's files", async ({ name }) => {
    const verdicts = (await verified.get(name)) ?? [];
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.map(({ verdict, details }) => [verdict, details])).toEqual(
      verdicts.map(() => ['same', []]),
    );
  });
});
