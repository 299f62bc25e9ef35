import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { mapConcurrent } from '../base/concurrency.ts';
import { codeOf, type ErrorKind, isMusterError, toMusterError } from '../base/errors.ts';
import { newRunId, version } from '../base/version.ts';
import { formatDuration } from '../config/fields.ts';
import { listProviders, readStatus } from '../cycle/status.ts';
import { bareHost, portOf } from '../http/url-text.ts';
import type { KubeStateOutput } from '../kube-state/publish.ts';
import { type App, loadApp } from '../run/app.ts';
import type { AppProvider } from '../run/providers.ts';
import type { ObjectStore } from '../store/store.ts';
import { addressLabel, targetLabels } from '../targets/group.ts';
import type { ProviderId } from '../targets/keys.ts';
import { defineCommand, type Io } from './command.ts';
import { shared } from './options.ts';
import { counted, exitCodeOf, printTable } from './output.ts';

/** `muster doctor` */
export const doctor = defineCommand({
  name: 'doctor',
  description:
    'Checks everything that Muster needs from this machine: versions, clock, the store with its rights and conditional\n' +
    'writes, names and certificates of the servers, and each backend, which it lists once. Prints a line for each check:\n' +
    'the result, or what is wrong and what to do. Publishes nothing; writes one small object into the store and removes\n' +
    'it. Exits with 1 when anything is wrong.',
  examples: [
    'muster doctor -c muster.yml',
    'muster doctor --output json | jq ".[] | select(.state == \\"wrong\\")"',
  ],
  options: {
    config: shared.config,
    strict: shared.strict,
    output: shared.output,
  },
  async run({ config, strict, output }, io) {
    const app = await loadApp(config, { ...io, strict });
    await using store = app.store;
    const findings = [
      fine('muster', `${version}, on Node ${process.versions.node}`),
      fine(
        'configuration',
        `${config} is valid: ${counted(app.providers.length, 'provider')}, ${counted(app.outputs.length, 'kube-state output')}`,
      ),
      ...(await checkStore(store, io.signal)),
      ...(await checkServers(app, io.signal)),
      ...(await mapConcurrent(app.providers, 4, io.signal, (provider) => checkBackend(provider, io))),
      ...(await mapConcurrent(app.outputs, 1, io.signal, (output) => checkOutput(output, io))),
    ];
    const rows = findings.map(({ check, state, says }) => [check, state === 'wrong' ? 'WRONG' : state, says]);
    const elements = findings.map((finding) => ({ kind: 'finding', ...finding }));
    if (output === 'json') await io.out(`${JSON.stringify(elements, undefined, 2)}\n`);
    else await printTable(io, ['CHECK', '', ''], rows, { last: 'prose' });
    const wrong = findings.filter(({ state }) => state === 'wrong').length;
    return exitCodeOf(io, wrong, findings.length);
  },
});

/** The result of a check. A hint is for something that works, but may not be intended. */
interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'hint' | 'wrong';
  /** The result in words, or what is wrong and what to do. */
  readonly says: string;
}

function fine(check: string, says: string): Finding {
  return { check, state: 'ok', says };
}

/** What to do about a failure of a kind, if its message does not say so. */
const advice: Readonly<Partial<Record<ErrorKind, string>>> = {
  denied: 'check the credentials and what they may do',
  'not-found': 'check the name in the configuration',
  timeout: 'check that a firewall lets this machine through, or raise the deadline',
  tls: 'give the certificate of its authority in tls_config: { ca_file }',
  throttled: 'ask less often, or raise the limit of the server',
  unreachable: 'check address, port, firewall and proxy',
};

function wrong(check: string, cause: unknown): Finding {
  const { kind, message } = toMusterError(cause);
  const what = advice[kind];
  return {
    check,
    state: 'wrong',
    says: what === undefined || message.includes(what) ? message : `${message}: ${what}`,
  };
}

/** Runs a check. An error of the check becomes its finding. Throws only when the command must end. */
async function look(
  check: string,
  run: () => Promise<string | Finding>,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const found = await run();
    return typeof found === 'string' ? fine(check, found) : found;
  } catch (error) {
    if (signal.aborted) throw error;
    return wrong(check, error);
  }
}

/** Seconds by which two clocks may differ. Tokens and signatures fail from minutes on, and holds count minutes. */
const clockTolerance = 30;

/** The rights on the store in the order in which a cycle needs them, its clock, and its conditional writes. */
async function checkStore(store: ObjectStore, signal: AbortSignal): Promise<readonly Finding[]> {
  const key = `doctor/${newRunId(new Date())}`;
  const body = new TextEncoder().encode(`muster doctor ${version}\n`);
  let ids: readonly ProviderId[] = [];
  const read = await look(
    'store: list',
    async () => {
      ids = await listProviders({ store, signal });
      return `${store.url} can be listed, and knows ${counted(ids.length, 'provider')}`;
    },
    signal,
  );
  // Without the right to list it, all other checks fail for the same reason.
  if (read.state === 'wrong') return [read];
  const before = Date.now();
  const written = await look(
    'store: write',
    async () => {
      await store.put(key, body, { condition: 'any', signal });
      return 'an object can be written';
    },
    signal,
  );
  if (written.state === 'wrong') return [read, written];
  const after = Date.now();
  const got = await look(
    'store: read',
    async () => {
      const found = await store.get(key, { signal });
      const isSame = found !== undefined && Buffer.compare(found.body, body) === 0;
      if (isSame) return 'what was written is read back at once';
      const says = `${store.url} does not give back what was just written: use a store that reads its own writes`;
      return { check: 'store: read', state: 'wrong', says };
    },
    signal,
  );
  const clock = await look('clock', () => compareClocks(store, { key, before, after, signal }), signal);
  const removed = await look(
    'store: remove',
    async () => {
      await store.delete(key, { signal });
      return 'an object can be removed';
    },
    signal,
  );
  const conditional = await look(
    'store: conditional writes',
    async () => {
      await store.verify({ signal });
      return 'are honoured: overlapping runs do no harm';
    },
    signal,
  );
  const versions = await look('versions', () => compareVersions(store, ids, signal), signal);
  return [read, written, got, removed, conditional, clock, versions];
}

interface ClockInput {
  readonly key: string;
  /** Milliseconds of Unix time by this clock, around the write. */
  readonly before: number;
  readonly after: number;
  readonly signal: AbortSignal;
}

async function compareClocks(
  store: ObjectStore,
  { key, before, after, signal }: ClockInput,
): Promise<string | Finding> {
  const listed = (await store.list('doctor/', { signal })).find((one) => one.key === key);
  if (listed === undefined) return 'the store does not list what was just written; its clock is unknown';
  // A store may round to whole seconds.
  const early = Math.max(0, before - 1000 - listed.modified);
  const late = Math.max(0, listed.modified - after - 1000);
  const seconds = Math.round(Math.max(early, late) / 1000);
  if (seconds <= clockTolerance) return 'agrees with that of the store';
  const direction = late > early ? 'behind' : 'ahead of';
  const says = `this machine is ${formatDuration(seconds * 1000)} ${direction} the store: start a time service (NTP) on it`;
  return { check: 'clock', state: 'wrong', says };
}

/** Which versions of Muster have written the statuses of these providers. */
async function compareVersions(
  store: ObjectStore,
  ids: readonly ProviderId[],
  signal: AbortSignal,
): Promise<string | Finding> {
  const found = new Set<string>();
  let isNewer = false;
  await mapConcurrent(ids, 8, signal, async (id) => {
    try {
      const { status } = await readStatus(store, id, signal);
      if (status?.muster !== undefined) found.add(status.muster);
    } catch (error) {
      if (!isMusterError(error, 'newer')) throw error;
      isNewer = true;
    }
  });
  const [ours = ''] = version.split('+');
  if (isNewer) {
    const says = `a later Muster than ${ours} has written into the store: install that one here`;
    return { check: 'versions', state: 'wrong', says };
  }
  const others = [...found].filter((one) => one.split('+')[0] !== ours).sort();
  if (others.length === 0) return 'nothing in the store is of another version';
  const says = `${others.join(', ')} wrote into the store as well: update the functions first, then the sidecars`;
  return { check: 'versions', state: 'hint', says };
}

/** Names and certificates of the servers: of the store, if it has an endpoint, and of the backends. */
async function checkServers(
  { providers, storeConfig }: App,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const endpoint = storeConfig.kind === 's3' ? storeConfig.endpoint : undefined;
  const named = [endpoint ?? '', ...providers.flatMap(({ server = '' }) => server.split(','))];
  const urls = named.flatMap((text) => (/^https?:\/\//.test(text) ? (URL.parse(text) ?? []) : []));
  const servers = new Map(urls.map((url) => [url.host, url]));
  const findings = await mapConcurrent([...servers.values()], 8, signal, async (url) => {
    const name = await look(`DNS ${url.hostname}`, () => resolveName(url), signal);
    if (name.state === 'wrong' || url.protocol !== 'https:') return [name];
    return [name, await look(`TLS ${url.host}`, () => readCertificate(url, signal), signal)];
  });
  return findings.flat();
}

async function resolveName(url: URL): Promise<string | Finding> {
  const host = bareHost(url);
  const check = `DNS ${url.hostname}`;
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return addresses.length === 1 && addresses[0] === host ? 'is an address' : `is ${addresses.join(', ')}`;
  } catch (error) {
    const code = codeOf(error) ?? 'unknown error';
    const says = `${host} has no address here (${code}): check the name, and /etc/resolv.conf; with a proxy the proxy resolves it`;
    return { check, state: 'wrong', says };
  }
}

/** Milliseconds that a server has for a handshake. */
const handshakeTimeout = 10_000;
/** Days before the end of a certificate from which it gets a hint. */
const renewal = 14;

/**
 * Reads the certificate without verifying it. The listing of the backend does that, with the tls_config of its stanza.
 */
async function readCertificate(url: URL, signal: AbortSignal): Promise<string | Finding> {
  const host = bareHost(url);
  const socket = connect({
    host,
    port: portOf(url),
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(handshakeTimeout)]);
  const check = `TLS ${url.host}`;
  try {
    await once(socket, 'secureConnect', { signal: limit });
    const { valid_to: until } = socket.getPeerCertificate();
    const days = Math.floor((Date.parse(until) - Date.now()) / 86_400_000);
    const protocol = socket.getProtocol() ?? 'TLS';
    if (days < 0)
      return { check, state: 'wrong', says: `the certificate ended on ${until}: renew it on the server` };
    if (days < renewal)
      return {
        check,
        state: 'hint',
        says: `${protocol}; the certificate ends on ${until}: renew it on the server`,
      };
    return `${protocol}, certificate good for ${counted(days, 'day')}`;
  } catch (error) {
    if (signal.aborted) throw error;
    const why = limit.aborted
      ? 'no answer'
      : (codeOf(error) ?? (error instanceof Error ? error.message : 'failed'));
    return {
      check,
      state: 'wrong',
      says: `no handshake with ${url.host} (${why}): check the port, firewall and proxy`,
    };
  } finally {
    socket.destroy();
  }
}

/** Lists a provider once. This checks that its server can be reached, accepts the credentials, and lets them list. */
async function checkBackend(
  { job, provider, discover, deadline }: AppProvider,
  { signal }: Io,
): Promise<Finding> {
  const check = `backend ${job}/${provider}`;
  return look(
    check,
    async () => {
      const startedAt = performance.now();
      const limit = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
      const sources = new Map<string, number>();
      for await (const groups of discover({ signal: limit, deadline: Date.now() + deadline }))
        for (const group of groups)
          sources.set(
            group.source,
            group.targets.filter((one) => targetLabels(group, one)[addressLabel]).length,
          );
      const targets = [...sources.values()].reduce((sum, count) => sum + count, 0);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      if (targets > 0) return `${counted(targets, 'target')} in ${seconds} s`;
      const says = `it lists no target: this is right if there are none; otherwise check its filters, and what the credentials may see`;
      return { check, state: 'hint', says };
    },
    signal,
  );
}

/** Lists a cluster once for kube state, and throws the text away. */
async function checkOutput({ object, render, deadline }: KubeStateOutput, { signal }: Io): Promise<Finding> {
  return look(
    `kube-state ${object}`,
    async () => {
      const rendered = await render(signal, new Date(Date.now() + deadline));
      rendered.close();
      return `${counted(rendered.objects, 'object')}, ${counted(rendered.samples, 'sample')}`;
    },
    signal,
  );
}
