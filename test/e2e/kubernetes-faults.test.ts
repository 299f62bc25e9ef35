import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { userAgent } from '../../lib/base/version.ts';
import { type KubernetesFleet, kubernetesFaults, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

let authority: Authority;
let fleet: KubernetesFleet;
let place: Workplace;

beforeAll(async () => {
  authority = createAuthority('ours');
  const tls = authority.issue({ names: ['127.0.0.1'] });
  fleet = await startKubernetesFleet({ seed: 'faults', pods: 400, token: 'canary-3b9d', tls });
  place = await makeWorkplace();
  await configure();
  expect(await run()).toEqual({ code: 0, stderr: '' });
  // From here on each listing that is published would change something.
  fleet.mutate(100);
});
afterAll(async () => {
  await fleet?.stop();
  await place?.[Symbol.asyncDispose]();
});

/** Twenty pages of pods, then services and slices. */
async function configure({ cert }: { readonly cert: string } = authority): Promise<void> {
  const stanza = {
    ...{ role: 'endpointslice', api_server: fleet.url, muster: { page_size: 20 } },
    ...{ authorization: { credentials: 'canary-3b9d' }, tls_config: { ca: cert } },
  };
  await place.write('muster.yml', {
    store: `file://${place.folder}/store`,
    scrape_configs: [{ job_name: 'slices', kubernetes_sd_configs: [stanza] }],
  });
}

async function run() {
  const { code, stderr } = await place.here(['run']);
  return { code, stderr };
}

/** All that is stored but for statuses, byte by byte. */
async function published(): Promise<ReadonlyMap<string, string>> {
  const files = (await place.files('store')).filter((path) => !path.startsWith('status/'));
  const bytes = await Promise.all(files.map((path) => readFile(join(place.folder, 'store', path), 'latin1')));
  return new Map(files.map((path, index) => [path, bytes[index] ?? '']));
}

const pageSeven = () => ({ when: fleet.onPage(7) });

test.each<[string, () => unknown, RegExp]>([
  [
    '401 on page 7 of 20',
    () => fleet.faults.add(kubernetesFaults.unauthorized(), pageSeven()),
    /pods: HTTP 401: the API server does not know the user: .* \(page 7 of the list of pods\)$/,
  ],
  [
    '403 of a list that is joined',
    () => fleet.deny({ verb: 'list', resource: 'services' }),
    /services: HTTP 403: user "system:serviceaccount:monitoring:muster" may not list services .*verbs: \["list"\]/,
  ],
  [
    '404, the API group is missing',
    () => fleet.removeGroup('discovery.k8s.io'),
    /endpointslices: HTTP 404: the API server has no endpointslices of discovery\.k8s\.io\/v1/,
  ],
  [
    '410 on page 7, again and again',
    () => fleet.faults.add(kubernetesFaults.expired(), pageSeven()),
    /pods: HTTP 410: the list of pods expired before its last page, 4 times/,
  ],
  [
    '429 with Retry-After, again and again',
    () => fleet.faults.add(kubernetesFaults.throttled(0), pageSeven()),
    /pods: HTTP 429 .* \(tried 3 times\) \(page 7 of the list of pods\)$/,
  ],
  [
    '500 on page 7',
    () => fleet.faults.add(kubernetesFaults.internal(), pageSeven()),
    /pods: HTTP 500 .* \(page 7 of the list of pods\)$/,
  ],
  [
    'a connection that is cut on page 7',
    () => fleet.faults.add({ kind: 'cut' }, pageSeven()),
    /pods: the answer was cut off .* \(page 7 of the list of pods\)$/,
  ],
  [
    'another authority than the configured one',
    () => configure(createAuthority('theirs')),
    /the server's authority is not known/,
  ],
])('%s: one clear line, and nothing is published', async (_what, strike, says) => {
  const before = await published();
  expect(before.size).toBeGreaterThan(2);
  const over = await strike();
  const { code, stderr } = await run();
  fleet.faults.clear();
  if (typeof over === 'function') over();
  await configure();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^muster run: slices\/kubernetes-0: GET https:[^\n]*\n$/);
  expect(stderr.trim()).toMatch(says);
  expect(stderr).not.toContain('canary');
  expect(await published()).toEqual(before);
});

test('once all is well again the change is published, asked for in the name of Muster', async () => {
  const before = await published();
  expect(await run()).toEqual({ code: 0, stderr: '' });
  const added = [...(await published()).keys()].filter((path) => !before.has(path));
  expect(added).toEqual(['journal/slices/kubernetes-0/000000000002.json.gz']);
  expect([...new Set(fleet.requests.map(({ headers }) => headers['user-agent']))]).toEqual([userAgent]);
  expect(userAgent).toMatch(/^muster\/\d+\.\d+\.\d+$/);
});
