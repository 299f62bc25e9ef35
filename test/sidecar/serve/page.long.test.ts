import { beforeAll, describe, expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import { diff } from '../../../lib/sidecar/page/changes.ts';
import { overviewBody } from '../../../lib/sidecar/page/overview.ts';
import { script } from '../../../lib/sidecar/page/script.ts';
import type { SidecarModel } from '../../../lib/sidecar/serve/model.ts';
import type { ProviderView } from '../../../lib/sidecar/serve/providers.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { TargetChange } from '../../../lib/targets/diff.ts';
import { cleanUpAtTheEnd, publish, targets } from '../world.ts';
import { hostile, type LivelyStore, livelyStore } from './lively-store.ts';
import { startTestServer, type TestServer } from './test-server.ts';

cleanUpAtTheEnd();

let lively: LivelyStore;
beforeAll(async () => {
  lively = await livelyStore();
});

const ok = { ok: true, reason: 'ok' };
const modelWith: Pick<SidecarModel, 'now' | 'mirror' | 'configuration' | 'stores'> = {
  now: () => 0,
  mirror: () => ok,
  configuration: () => undefined,
  stores: () => [],
};
const wish = { filter: '', sort: 'state', reverse: false, grouped: false, offset: 0 } as const;

/** One server for all tests that only read it: a thread that searches takes half a second of CPU to start. */
let opened: Promise<TestServer> | undefined;
const open = () => {
  opened ??= startTestServer(lively.store, { now: () => lively.now.getTime() });
  return opened;
};

/** What somebody reads: the text of a page without its tags. */
function textOf(page: string): string {
  const [, main = ''] = /<main[^>]*>([\s\S]*)<\/main>/.exec(page) ?? [];
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return main
    .replaceAll('<wbr>', '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? '')
    .replace(/\s+/g, ' ')
    .replace(/ (?=[,.:] )/g, '')
    .trim();
}

async function read(server: TestServer, path: string): Promise<string> {
  const { status, headers, text } = await server.get(path);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  return textOf(text);
}

describe('the page', () => {
  test('tells once of what has befallen many for one cause', () => {
    const failing = (job: string, failures: number, message: string): ProviderView => ({
      ...{ source: '', job, provider: 'consul-0', state: 'failing', targets: 3, status: undefined },
      reason: `the last ${failures} cycles failed: ${message}`,
    });
    const down = (path: string) => `GET http://consul.example:8500${path}: no answer (ECONNREFUSED)`;
    const providers = [
      ...Array.from({ length: 10 }, (_, index) => failing(`job-${index}`, index + 2, down(`/v1/${index}`))),
      failing('other', 2, 'GET http://other.example: HTTP 403'),
    ];
    const outputs = { outputs: [], errors: [] };
    const shown = { overview: { providers, errors: [] }, outputs, wish };
    const page = String(overviewBody(modelWith, shown));
    const [, entries = ''] = /<ul>([\s\S]*?)<\/ul>/.exec(page) ?? [];
    expect(entries.split('</li>').map((entry) => textOf(`<main>${entry}</main>`))).toEqual([
      `failing 10 providers: ${Array.from({ length: 8 }, (_, index) => `job-${index} consul-0`).join(', ')} and 2 more ` +
        'the last 2 cycles failed: GET http://consul.example:8500/v1/0: no answer (ECONNREFUSED) Last success: never.',
      'failing other consul-0 the last 2 cycles failed: GET http://other.example: HTTP 403 Last success: never.',
      '',
    ]);
  });

  test('shows once what has changed of all ports of a pod', () => {
    const change = (address: string, after: string): TargetChange => ({
      ...{ kind: 'changed', source: 'pod/a', address, count: 1, labels: {} },
      differences: [{ name: 'ready', before: 'false', after }],
    });
    const rows = [change('10.0.0.1:80', 'true'), change('10.0.0.1:81', 'true'), change('10.0.0.1:82', 'no')];
    expect(textOf(`<main>${diff(rows)}</main>`)).toBe(
      '~ changed 10.0.0.1:80, 10.0.0.1:81 pod/a ready false → true ~ changed 10.0.0.1:82 pod/a ready false → no',
    );
  });

  test('has its frame also around what is not there, for a person; a program is told in a line', async () => {
    const server = await open();
    const page = await server.get('/nowhere', { accept: 'text/html,*/*' });
    expect([page.status, page.headers.get('content-type'), textOf(page.text)]).toEqual([
      404,
      'text/html; charset=utf-8',
      'There is nothing here All providers',
    ]);
    const line = await server.get('/nowhere');
    expect([line.status, line.text]).toEqual([404, 'there is nothing here\n']);
  });

  test('says so where it does not follow, and the JSON and the page say why a configuration is not in force', async () => {
    const server = await startTestServer(lively.store, { configProblem: () => 'muster.yml:1:1 is <empty>' });
    expect(await read(server, '/')).toContain('Configuration: muster.yml:1:1 is <empty>');
    expect(JSON.parse((await server.get('/api/v1/providers')).text)).toMatchObject({
      configuration: { ok: false, reason: 'muster.yml:1:1 is <empty>' },
    });
    expect((await server.get('/metrics')).text).toMatch(/^muster_config_last_reload_successful 0$/m);
    expect(script).toContain('data-paused');
  });

  test('shows every provider, the worst first, with why', async () => {
    const text = await read(await open(), '/');
    expect(text).toMatch(/targets 116 jobs 6 providers 6 need attention 3/);
    expect(text).toContain(
      'failing legacy consul-0 the last cycle failed: http://consul.example:8500 does not answer: connection refused Last success: 2 h ago.',
    );
    expect(text).toContain(
      'held batch kubernetes-0 the listing fell from 30 to 3 targets: 27 targets stay published until they have been missing for 15m (0s so far) Last success: 55 s ago.',
    );
    expect(text).toContain(
      'stale edge consul-0 no cycle has succeeded for too long; does its function still run?',
    );
    expect(text).toMatch(
      /legacy consul-0 6 1 2 h ago 2 h ago failing batch kubernetes-0 30 1 2 h ago \d+ s ago held/,
    );
    expect(text).toMatch(/shop\/eu kubernetes-0 14 3 31 min ago \d+ s ago ok Mirror Store /);
  });

  test('shows a job: how its provider does, its count over time, its last changes, its targets', async () => {
    const server = await open();
    const text = await read(server, '/jobs/api');
    expect(text).toMatch(
      /^api http_sd JSON consul-0 ok Targets 60 Version 41 Last change 59 s ago Last success 59 s ago/,
    );
    expect(text).toContain('Targets over time 60 targets now, from 34 to 62 since 2026-03-01 09:20:01 UTC');
    expect(text).toContain('version 41 −2 2 removed 59 s ago − removed 10.3.0.61:9100 api/15');
    expect(text).toMatch(/60 targets (?:address service node id tags dc )?10\.3\.0\.1:9100/);
    expect(text).toContain('First Previous 1–50 of 60 Next Last');
    const second = await read(server, '/jobs/api?offset=50');
    expect(second).toMatch(/Previous 51–60 of 60 Next Last Page of 2 Go$/);
    expect(await read(server, '/jobs/shop%2Feu')).toContain('14 targets');
    expect(await read(server, '/jobs?job=shop%2Feu')).toContain('14 targets');
  });

  test('says what the guard holds, since when, and how much', async () => {
    expect(await read(await open(), '/jobs/batch')).toMatch(
      /kubernetes-0 held .* Held since 55 s ago, [^.]*\. The last listing has 3 targets\. .* 27 targets would be removed: − removed /,
    );
  });

  test('finds targets by words and labels, in all jobs or one', async () => {
    const server = await open();
    const found = await read(server, '/targets?q=canary+dc%3Deu-1');
    expect(found).toMatch(
      /^Targets Search .* 17 targets found job address service node id tags dc api consul-0 10\.3\.0\.1:9100 service api node node-00 id api-0 tags ,prod, canary, dc eu-1/,
    );
    expect(await read(server, '/targets?q=job%3Dedge')).toContain('4 targets found');
    expect(await read(server, '/jobs/api?q=10.3.0.60')).toContain('1 target found');
    expect(await read(server, '/targets?q=nothing-like-it')).toContain('0 targets found No target fits.');
  });

  test('shows a target before and after the rules, and what each of them does', async () => {
    const server = await open();
    const target = (address: string) => `/target?job=api&provider=consul-0&address=${address}`;
    const kept = await read(server, target('10.3.0.2:9100'));
    expect(kept).toContain('Prometheus scrapes http://10.3.0.2:9100/metrics');
    expect(kept).toMatch(
      /After the rules __address__ 10\.3\.0\.2:9100 .* instance 10\.3\.0\.2:9100 .* node eu-2\/node-01/,
    );
    expect(kept).toContain('action: drop} no change looked at passing');
    expect(kept).toContain('looked at eu-2/node-01 node none → eu-2/node-01');
    expect(kept).toContain('action: labelmap} version none → 1.5.0');
    expect(kept).toContain('muster explain 10.3.0.2:9100 --job api --provider consul-0');
    const dropped = await read(server, target('10.3.0.1:9100'));
    expect(dropped).toContain('Rule 2 drops it: Prometheus does not scrape it.');
    expect(dropped).toContain('3 more rules: the target does not reach them.');
    const gone = await server.get(target('10.9.9.9:1'));
    expect([gone.status, textOf(gone.text)]).toEqual([
      404,
      expect.stringContaining('has no target with this address now'),
    ]);
    expect(await read(server, '/target?job=edge&provider=consul-0&address=10.4.0.1:9100')).toContain(
      'Its status does not tell the rules of the job',
    );
  });

  test('shows what rules drop, each with its rule', async () => {
    const server = await open();
    const all = await read(server, '/dropped?job=api');
    expect(all).toMatch(/^Dropped by rules of api 20 targets of 60 are dropped\. 2 \{source_labels/);
    expect(all).toContain('rule 2 looked at ,prod,canary,');
    expect(await read(server, '/dropped?job=api&rule=1')).toContain('0 targets of 60 are dropped by rule 1.');
    expect(await read(server, '/dropped?job=edge')).toContain('The status does not tell the rules');
  });

  test('shows the settings and the rules of a job', async () => {
    expect(await read(await open(), '/jobs/api')).toContain(
      'consul-0 http://consul.example:8500 30s Prometheus all above 50 % of 10 or more: for 15m; if all: for 1h',
    );
  });

  test('filters, sorts and groups the providers', async () => {
    const server = await open();
    const jobs = async (path: string) =>
      [
        ...(await server.get(path)).text.matchAll(
          /<th scope="row(?:group)?"[^>]*>(?:<a [^>]*>)?<bdi>([\w/]+)/g,
        ),
      ].map(([, name]) => name);
    expect(await jobs('/?q=kubernetes')).toEqual(['batch', 'shop/eu']);
    expect(await jobs('/?q=consul+failing')).toEqual(['legacy']);
    expect((await jobs('/?sort=targets')).slice(0, 3)).toEqual(['api', 'batch', 'shop/eu']);
    expect((await jobs('/?sort=targets&dir=reverse')).at(-1)).toBe('api');
    expect((await jobs('/?group=mechanism&q=b')).slice(0, 1)).toEqual(['kubernetes']);
    expect(await read(server, '/?q=none-of-it')).toContain('No provider fits.');
  });

  test('draws the range that is wanted, and each step leads to its version', async () => {
    const server = await open();
    const hour = await server.get('/jobs/api?range=hour');
    expect(textOf(hour.text)).toContain('from 34 to 62 since 2026-03-01 11:00:00 UTC');
    expect(hour.text).toContain(
      'href="/version?job=api&amp;provider=consul-0&amp;version=41" tabindex="-1" data-tip="2026-03-01 11:59:01 UTC: 60 targets, version 41 of consul-0"',
    );
  });

  test('leads to the first, the last and any page', async () => {
    const { text } = await (await open()).get('/targets?q=9100&page=2');
    expect([...text.matchAll(/<a rel="(\w+)" href="([^"]*)"/g)].map(([, rel, path]) => [rel, path])).toEqual([
      ['first', '/targets?q=9100#results'],
      ['prev', '/targets?q=9100#results'],
    ]);
  });

  test('says what it cannot search for, and what may be meant', async () => {
    const server = await open();
    expect(await read(server, '/targets?q=servce%3Dapi')).toContain(
      'No target has a label servce. Did you mean service ?',
    );
    expect(await read(server, '/targets?q=a~(')).toContain('( is not a regular expression of RE2');
  });

  test('shows what changed last, in all jobs, in the order of time', async () => {
    const { text } = await (await open()).get('/changes');
    const entries = textOf(text).match(/(\S+) (consul|kubernetes)-0 version \d+/g) ?? [];
    expect(entries).toHaveLength(30);
    expect(entries.slice(0, 9)).toEqual([
      ...[41, 40, 39, 38, 37, 36, 35, 34].map((version) => `api consul-0 version ${version}`),
      'shop/eu kubernetes-0 version 3',
    ]);
  });

  test('goes back to the first version of a provider', async () => {
    const server = await open();
    const versions = async (path: string) =>
      [...(await server.get(path)).text.matchAll(/>version (\d+)</g)].map(([, version]) => Number(version));
    expect(await versions('/changes?job=api&provider=consul-0')).toEqual(
      Array.from({ length: 30 }, (_, index) => 41 - index),
    );
    expect(await versions('/changes?job=api&provider=consul-0&before=12')).toEqual(
      Array.from({ length: 11 }, (_, index) => 11 - index),
    );
  });

  test('shows one version in full, as a diff', async () => {
    const text = await read(await open(), '/version?job=api&provider=consul-0&version=12');
    expect(text).toMatch(
      /^api consul-0 version 12 Version 11 Version 13 −2 2 removed ~8 8 changed discovered 115 min ago, 2026-03-01 10:04:01 UTC, by run run-\d+/,
    );
    expect(text).toContain(
      '~ changed 10.3.0.3:9100 api/0 __meta_consul_service_metadata_version 1.1.0 → 1.2.0',
    );
    expect(await read(await open(), '/version?job=api&provider=consul-0&version=1')).toContain('1.0.0');
  });

  test('shows the whole list as of a version, page by page, and searches it', async () => {
    const server = await open();
    const list = '/list?job=api&provider=consul-0&version=12';
    const count = (await read(server, list)).match(/(\d+) targets/)?.[1];
    const text = await read(server, list);
    expect(text).toMatch(
      /^api consul-0 as of version 12 Version 11 Version 13 discovered 115 min ago, 2026-03-01 10:04:01 UTC\. What changed in this version/,
    );
    expect(text).toContain('muster show api --provider consul-0 --version 12');
    expect(text).toContain(`1–50 of ${count}`);
    expect(await read(server, `${list}&offset=50`)).toContain(`51–${count} of ${count}`);
    expect(await read(server, `${list}&q=10.3.0.3%3A9100`)).toContain('1 target found');
    const json = JSON.parse((await server.get(`/api/v1${list}&q=address%3D10.3.0.3%3A9100`)).text);
    expect([json.total, json.rows[0].labels.__meta_consul_service_metadata_version]).toEqual([1, '1.2.0']);
    const before = JSON.parse(
      (await server.get(`/api/v1${list.replace('12', '11')}&q=address%3D10.3.0.3%3A9100`)).text,
    );
    expect(before.rows[0].labels.__meta_consul_service_metadata_version).toBe('1.1.0');
  });

  test('says of a list that cannot be rebuilt what is gone, and guesses nothing', async () => {
    const { store, now } = await livelyStore();
    for (const version of [5, 20])
      await store.delete(`journal/api/consul-0/${String(version).padStart(12, '0')}.json.gz`);
    const server = await startTestServer(store, { now: () => now.getTime() });
    const text = await read(server, '/list?job=api&provider=consul-0&version=12');
    expect(text).toContain('the list of version 12 of api/consul-0 cannot be rebuilt: ');
    expect(text).toContain('version 20 is no longer in the journal');
  });

  test('names of others stay text, whatever they hold', async () => {
    const server = await open();
    const job = encodeURIComponent(hostile.job);
    const search = encodeURIComponent(`</title><script>alert(3)</script>" autofocus onfocus=alert(4) x="`);
    const paths = [
      '/',
      '/changes',
      `/changes?job=${job}&provider=consul-0`,
      `/jobs/${job}`,
      `/jobs/${job}?q=${search}`,
      `/jobs/${search}`,
      `/targets?q=${search}`,
      '/targets?q=script',
      `/version?job=${job}&provider=consul-0&version=1`,
      `/version?job=${job}&provider=${search}&version=1&source=${search}`,
      `/list?job=${job}&provider=consul-0&version=1&q=${search}`,
    ];
    for (const path of paths) {
      const { text, headers } = await server.get(path);
      const tags = (text.match(/<[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
      expect(tags.filter((tag) => /<(script|img|b)\b|\son[a-z]+=|autofocus/i.test(tag))).toEqual([
        '<script src="" defer>',
      ]);
      for (const unseen of ['\u0000', '\u202e', '\u2066']) expect(text).not.toContain(unseen);
      expect(headers.get('content-security-policy')).toMatch(
        /default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      expect(headers.get('x-frame-options')).toBe('deny');
    }
    expect(await read(server, `/jobs/${job}`)).toContain(
      `<script>alert(1)</script>"' onload=x U+202E gnp.exe`,
    );
  });

  test('asks nothing of any other host, and has no style or script within', async () => {
    const server = await open();
    const { text } = await server.get('/jobs/api');
    expect(text.match(/(?:src|href|action)="(?!\/|#)[^"]*"/g)).toBeNull();
    expect(text.match(/\sstyle=|<style|<script>/g)).toBeNull();
    const assets = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
    const kinds = await Promise.all(
      assets.map(async (path) => {
        const { status, headers } = await server.get(path);
        return [status, headers.get('content-type'), headers.get('cache-control')];
      }),
    );
    const forever = 'public, max-age=31536000, immutable';
    expect(kinds).toEqual([
      [200, 'image/svg+xml', forever],
      [200, 'text/css; charset=utf-8', forever],
      [200, 'text/javascript; charset=utf-8', forever],
    ]);
  });

  test('shows what lies on disk while the store is away, and that it is away', async () => {
    const away = async () => {
      throw new MusterError('unreachable', 's3://bucket does not answer');
    };
    const server = await startTestServer(lively.store, { read: { ...lively.store, list: away, get: away } });
    const text = await read(server, '/');
    expect(text).toContain('What is known of the providers is not newer: s3://bucket does not answer');
    expect(text).toContain('api consul-0 60 – – – no status');
    expect(await read(server, '/jobs/api')).toMatch(
      /60 targets (?:address service node id tags dc )?10\.3\.0\.1:9100/,
    );
    expect(await read(server, '/changes')).toContain('s3://bucket does not answer No change yet.');
  });

  test('a store without anything says what will come', async () => {
    const server = await startTestServer(createMemoryStore());
    expect(await read(server, '/')).toContain('The store has no provider yet.');
    expect(await read(server, '/targets')).toContain('No target is mirrored.');
    expect(await read(server, '/changes')).toContain('No change yet.');
  });

  test('files that have no status are shown too', async () => {
    const store = createMemoryStore();
    await publish(store, { 'api/consul-0.json': targets('a:1') });
    expect(await read(await startTestServer(store), '/jobs/api')).toContain('consul-0 no status');
  });

  test.each([
    ['/jobs/none', 404],
    ['/version?job=api&provider=consul-0&version=999', 404],
    ['/version?job=api&provider=../../x&version=1', 404],
    ['/version?job=api&provider=consul-0&version=1&source=other', 404],
    [`/jobs/${'x'.repeat(1000)}`, 404],
    ['/list?job=api&provider=consul-0&version=999', 404],
    ['/list?job=api&provider=consul-0&version=1&source=other', 404],
    ['/list?job=api&provider=../../x&version=1', 404],
    ['/list?job=api', 302],
    ['/version?job=api', 302],
    ['/jobs', 302],
    ['/targets?offset=-1&limit=abc', 200],
    ['/targets?offset=999999999999', 200],
    ['/changes?before=0', 200],
    ['/jobs/%', 404],
    ['/assets/page.css', 404],
  ])('%s is %i', async (path, status) => {
    expect((await (await open()).get(path)).status).toBe(status);
  });
});
