import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TargetFile } from '../../../lib/sidecar/mirror/target-files.ts';
import { fitsName, fittingTargets, namesIn, parseQuery } from '../../../lib/sidecar/search/query.ts';
import { type SearchOptions, searchTargets } from '../../../lib/sidecar/search/search.ts';
import { createWorkThread } from '../../../lib/sidecar/serve/worker.ts';
import { toGroups } from '../../../lib/targets/canonical.ts';
import { encodeFileSd, joinFileSd } from '../../../lib/targets/file-sd.ts';
import { decodeFileSd, type FileSdGroup } from '../../../lib/targets/file-sd-reader.ts';
import { draws } from '../../support/counts.ts';
import { anyListing } from '../../support/groups.ts';
import { cleanUpAfterEach, makeFolder, shareOfMainThread } from '../world.ts';

cleanUpAfterEach();

let files = 0;

async function fileOf(folder: string, content: Uint8Array | string, job = 'api'): Promise<TargetFile> {
  files += 1;
  const path = join(folder, `${files}.json`);
  await writeFile(path, content);
  const groups: readonly FileSdGroup[] = JSON.parse(Buffer.from(content).toString());
  const targets = groups.reduce((sum, group) => sum + group.targets.length, 0);
  return { source: '', job, provider: 'consul-0', path, targets, made: undefined };
}

function search(found: readonly TargetFile[], text: string, options: Partial<SearchOptions> = {}) {
  const { signal } = new AbortController();
  return searchTargets(found, { query: parseQuery(text), offset: 0, limit: 10, signal, ...options });
}

/** Addresses and labels of all that fit, the slow way. */
function slowly(groups: readonly FileSdGroup[], text: string): readonly unknown[] {
  return groups.flatMap((group) =>
    fittingTargets(parseQuery(text), group).map((index) => [group.targets[index], group.labels]),
  );
}

/** How a writer of JSON escapes what JavaScript would not. */
type Escaping = 'none' | 'ascii' | 'slashes';

function escaped(group: FileSdGroup, escaping: Escaping): string {
  const text = JSON.stringify(group);
  if (escaping === 'slashes') return text.replaceAll('/', '\\/');
  if (escaping === 'none') return text;
  return text.replace(
    /[^\0-\x7f]|(?<=")[a-z](?=[a-z]*":")/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Names, values and queries that are made of the same few odd pieces. */
const oddWorld = (() => {
  const pieces = fc.constantFrom(
    ...['a', 'n', '07', 'u00', 'i', 'k', 'K', '\u212a', '\u0130', 'É', 'é', '日', '😀', '\ud800'],
    ...[
      '\n',
      '\u0007',
      '"',
      '\\',
      '/',
      ':',
      ',',
      '{',
      ' ',
      '":"',
      '","',
      '],"labels":{',
      'x="a"',
      '10.0.0.1:80',
    ],
  );
  const text = fc.array(pieces, { maxLength: 3 }).map((parts) => parts.join(''));
  const name = fc.oneof(
    fc.constantFrom('a', 'address', '__meta_a', '__meta_b_a', '__meta_b', '__address__', 'xa', ','),
    fc.tuple(fc.constantFrom('', '__meta_'), text).map((parts) => parts.join('')),
  );
  const operator = fc.constantFrom('=', '!=', '~', '!~');
  const searched = fc.oneof(
    fc.constantFrom('a', 'b', 'b_a', 'address', '__address__', '_meta_a', 'xa', ','),
    text.filter((one) => /^[^\s"=~!-][^\s"=~!]*$/.test(one)),
  );
  const value = fc.oneof(text, fc.constantFrom('', '"', '""', '"a', 'a.*', '^a', '[^a]'));
  const term = fc.oneof(
    fc.tuple(searched, operator, value).map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom('', '-'), text).map((parts) => parts.join('')),
    text.map((one) => `"${one.replaceAll('"', '')}"`),
  );
  const query = fc
    .array(fc.tuple(term, fc.constantFrom(' ', ' ', ' OR ')), { minLength: 1, maxLength: 3 })
    .map((terms) => terms.flat().join(''))
    .filter(isQuery);
  return { names: name.filter((one) => one !== ''), values: text, query };
})();

function isQuery(text: string): boolean {
  try {
    return parseQuery(text).length > 0 && !/\b(?:job|provider|mechanism)\b/.test(text);
  } catch {
    return false;
  }
}

function isNameIn(groups: readonly FileSdGroup[], name: string): boolean {
  const isOwn = ['address', '__address__'].includes(name);
  return isOwn || groups.some(({ labels }) => Object.keys(labels).some((one) => fitsName(name, one)));
}

/** Groups of one target each, one a line as they are published, of about a kilobyte. */
function large(count: number): string {
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      targets: [`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:9100`],
      labels: {
        __meta_consul_service: `service-${index % 97}`,
        __meta_filler: 'x'.repeat(900),
        n: String(index),
      },
    }),
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}

describe('searching the mirrored files', () => {
  test('finds just what reading all of them finds, in any layout', async () => {
    const folder = await makeFolder();
    const texts = fc.oneof(
      fc.constantFrom(
        '',
        '10.0',
        'a',
        '__proto__',
        'meta',
        '"',
        '\\',
        'é',
        'address=10.0.0.1:80',
        'meta_a~1',
        'É',
        ':8',
        'n',
        'u00',
        'meta_a!=1',
        'meta_a!~.',
        'meta_a=',
        '-a',
        'a OR meta_a~^1',
        'address~^10',
        'zone~.',
        'zone!=',
      ),
      fc.string({ maxLength: 4 }).filter((text) => !text.includes('~')),
    );
    await fc.assert(
      fc.asyncProperty(anyListing, texts, fc.constantFrom(0, 1, 2), async (listing, text, layout) => {
        const ours = encodeFileSd(toGroups(listing));
        const groups = decodeFileSd(ours);
        const content = [
          ours,
          joinFileSd([ours, Buffer.from('[]\n')]),
          JSON.stringify(groups, undefined, layout),
        ];
        const file = await fileOf(folder, content[layout] ?? '');
        const { rows, total, problems } = await search([file], text, { limit: 1000 });
        const expected = slowly(groups, text);
        expect(rows.map(({ address, labels }) => [address, labels])).toEqual(expected);
        expect({ total, problems }).toEqual({ total: expected.length, problems: [] });
        // The page is empty, so that nothing is decoded but what has to be.
        const counted = await search([file], text, { offset: 1_000_000 });
        expect(counted.total).toBe(expected.length);
      }),
      { numRuns: draws(200) },
    );
  });

  test('finds in files of others, however they escape, what reading all of it finds', async () => {
    const folder = await makeFolder();
    const { names, values, query } = oddWorld;
    const group = fc.record({
      targets: fc.array(values, { maxLength: 3 }),
      labels: fc.array(fc.tuple(names, values), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
    });
    const style = fc.constantFrom<Escaping>('none', 'ascii', 'slashes');
    const lines = fc.array(fc.tuple(group, style), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(lines, query, fc.integer({ min: 0, max: 3 }), async (written, text, offset) => {
        const groups = written.map(([one]) => one);
        const content = `[\n${written.map(([one, escaping]) => escaped(one, escaping)).join(',\n')}\n]\n`;
        const file = await fileOf(folder, content);
        const expected = slowly(groups, text);
        const { rows, total, unknown, problems } = await search([file], text, { offset, limit: 2 });
        expect(rows.map(({ address, labels }) => [address, labels])).toEqual(
          expected.slice(offset, offset + 2),
        );
        const isOdd =
          expected.length === 0 ||
          parseQuery(text)
            .flat()
            .some(({ not }) => not);
        const missing = namesIn(parseQuery(text)).filter((name) => !isNameIn(groups, name));
        expect({ total, problems, unknown: unknown.map(({ name }) => name) }).toEqual({
          total: expected.length,
          problems: [],
          unknown: isOdd ? missing : [],
        });
      }),
      { numRuns: draws(2000) },
    );
  });

  test('pages through what fits, and through everything', async () => {
    const folder = await makeFolder();
    const found = [await fileOf(folder, large(300)), await fileOf(folder, large(200), 'shop')];
    for (const text of ['', 'service-1', 'job=shop', 'job=shop service-1']) {
      const all = await search(found, text, { limit: 10_000 });
      expect(all.total).toBe(all.rows.length);
      for (const offset of [0, 7, 290, 295, 499, 500, 600]) {
        const page = await search(found, text, { offset, limit: 10 });
        expect(page.rows).toEqual(all.rows.slice(offset, offset + 10));
        expect(page.total).toBe(all.total);
      }
    }
  });

  test('in thirty thousand targets finds the one in the last line', async () => {
    const file = await fileOf(await makeFolder(), large(30_000));
    const { rows, total } = await search([file], 'n=29999');
    expect([rows.map(({ address }) => address), total]).toEqual([['10.0.117.47:9100'], 1]);
  });

  test('counts exactly, however many there are, and without reading what is not shown', async () => {
    const file = await fileOf(await makeFolder(), large(20_000));
    const count = async (text: string) => (await search([file], text)).total;
    expect(
      await Promise.all(['9100', 'n~^1', '-service-1', 'service=service-1', 'n=1 OR n=2'].map(count)),
    ).toEqual([20_000, 11_111, 17_725, 207, 2]);
  });

  test('names a label that no target has, and the one that may be meant', async () => {
    const file = await fileOf(await makeFolder(), large(20));
    const unknown = async (text: string) => (await search([file], text)).unknown;
    expect(await unknown('servce=service-1')).toEqual([{ name: 'servce', nearest: 'service' }]);
    expect(await unknown('servce!=service-1')).toEqual([{ name: 'servce', nearest: 'service' }]);
    expect(await unknown('quite-other~x')).toEqual([{ name: 'quite-other', nearest: undefined }]);
    expect(await unknown('service=none')).toEqual([]);
    expect(await unknown('service=service-1')).toEqual([]);
  });

  test('takes a group of many targets for as many', async () => {
    const targets = Array.from({ length: 5000 }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`);
    const file = await fileOf(
      await makeFolder(),
      `[\n${JSON.stringify({ targets, labels: { a: '],"labels":' } })},\n{"targets":["b:1"],"labels":{}}\n]\n`,
    );
    expect(await search([file], '', { offset: 4999, limit: 5 })).toMatchObject({
      rows: [{ address: '10.0.19.135:80' }, { address: 'b:1' }],
      total: 5001,
    });
    expect((await search([file], '10.0.19')).total).toBe(136);
  });

  test('a file that is gone, or too large in a strange layout, is told and the others are searched', async () => {
    const folder = await makeFolder();
    const strange = await fileOf(folder, `[{"labels":{"x":"${'y'.repeat(17 << 20)}"},"targets":["a:1"]}]`);
    const gone = { ...strange, path: join(folder, 'gone.json') };
    const good = await fileOf(folder, '[\n{"targets":["b:1"],"labels":{}}\n]\n');
    const { rows, problems } = await search([strange, gone, good], ':1');
    expect(rows.map(({ address }) => address)).toEqual(['b:1']);
    expect(problems).toEqual([
      `${strange.path} was not written by Muster and has over 16777216 bytes: it is served, but not searched`,
      expect.stringMatching(/ENOENT/),
    ]);
  });

  test('goes on beside the main thread, and ends when nobody waits for it', async () => {
    const file = await fileOf(await makeFolder(), large(20_000));
    const thread = createWorkThread('search');
    const ask = { files: [file], query: parseQuery('é'), offset: 0, limit: 10 };
    await thread.run({ ...ask, query: parseQuery('n=1') });
    const { result, share } = await shareOfMainThread(() => thread.run(ask));
    expect(result).toEqual(await searchTargets([file], { ...ask, signal: new AbortController().signal }));
    expect(share).toBeLessThan(0.5);
    const stop = new AbortController();
    const given = thread.run(ask, stop.signal);
    stop.abort();
    await expect(given).rejects.toThrow('aborted');
  });

  test('ends when nobody waits for it any more', async () => {
    const file = await fileOf(await makeFolder(), large(10));
    await expect(search([file], 'x', { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});
