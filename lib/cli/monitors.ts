import { resolve } from 'node:path';
import { isMap, parseDocument } from 'yaml';
import * as z from 'zod';
import type { Connection } from '../backends/kubernetes/connection/connection.ts';
import { openKubeconfig } from '../backends/kubernetes/connection/kubeconfig.ts';
import { openInCluster } from '../backends/kubernetes/connection/open.ts';
import { kubernetesConfig } from '../backends/kubernetes/schema.ts';
import { labelSelectorProblem } from '../backends/kubernetes/selectors.ts';
import { MusterError } from '../base/errors.ts';
import { readText } from '../base/files.ts';
import { version } from '../base/version.ts';
import { createCredentialReader } from '../config/credentials.ts';
import { formatKeyPath, problemsOf } from '../config/problem.ts';
import type { Monitor } from '../monitors/checks.ts';
import {
  type ClusterMonitors,
  type MonitoringApi,
  openMonitoringApi,
  type Selection,
} from '../monitors/cluster.ts';
import { countListings, printJobs } from '../monitors/print.ts';
import { parsed, readSettings, type Translation } from '../monitors/settings.ts';
import {
  type LeftOut,
  monitorReferences,
  readMonitor,
  type Translated,
  translate,
} from '../monitors/translate.ts';
import { openHttpClients } from '../run/http-clients.ts';
import { defineCommand, exitCodes, type Io, UsageError, type Values } from './command.ts';
import { readDuration } from './options.ts';
import { counted, printable } from './output.ts';

const options = {
  kubeconfig: {
    value: 'FILE',
    env: 'KUBECONFIG',
    help: 'The kubeconfig of the cluster. Default: the cluster in which this runs.',
  },
  context: { value: 'NAME', help: 'A context of the kubeconfig other than its current one.' },
  cluster: { value: 'NAME', help: "Becomes the label cluster, and the first part of the jobs' names." },
  namespace: { value: 'NAME', short: 'n', multiple: true, help: 'Only Monitors of this namespace.' },
  selector: {
    value: 'LABELS',
    short: 'l',
    help: 'Only Monitors with these labels, as in team=web.',
  },
  prometheus: {
    value: 'NAMESPACE/NAME',
    help: 'Take selectors, limits and scrape classes of this Prometheus.',
  },
  'prometheus-file': { value: 'FILE', help: 'The same from the manifest of a Prometheus.' },
  set: {
    value: 'KEY=VALUE',
    multiple: true,
    help: 'A key of the spec of a Prometheus, its value in YAML: enforcedSampleLimit=1000.',
  },
  connection: {
    value: 'KEYS',
    help: 'How SD configs reach the API server, as in {kubeconfig_file: /k}; {} in the cluster.',
  },
  'one-listing': { help: 'Equal SD configs for all namespaces, which rules select; see above.' },
  file: {
    value: 'OLD=NEW',
    multiple: true,
    help: "The local path of a file or folder of the cluster's Prometheus.",
  },
  address: {
    value: 'OLD=NEW',
    multiple: true,
    help: 'The local name of an address inside the cluster.',
  },
  secrets: {
    value: 'FOLDER',
    default: '/etc/prometheus/monitors',
    help: 'Folder of the files that hold credentials.',
  },
  shard: { value: 'INDEX/TOTAL', help: 'The shard of the targets to scrape, as in 0/3.' },
  timeout: { value: 'DURATION', default: '1m', help: 'How long the command may take.' },
  strict: { help: 'Exit with 1 when a Monitor is left out.' },
} as const;

/** `muster monitors` */
export const monitors = defineCommand({
  name: 'monitors',
  description:
    'Reads the ServiceMonitors, PodMonitors, Probes and ScrapeConfigs of a cluster, and prints the scrape_configs that the\n' +
    'Prometheus Operator generates for them: for muster.yml, prometheus.yml, or a file of scrape_config_files. It lists the\n' +
    'Monitors that are left out, with the reasons, and the files that the jobs need: credentials are printed as paths of\n' +
    "files. The keys of the operator's global section are written into each job.\n" +
    'Jobs whose SD configs are equal share one listing, in Prometheus and in Muster. As in the operator, an SD config has the\n' +
    'namespaces of its Monitor. With --one-listing there is one SD config for each role, and rules select the namespaces.\n' +
    'Use it with "relabel: publish": without that, each job is published with the targets of all namespaces.',
  examples: [
    'muster monitors --kubeconfig prod.kubeconfig --cluster prod --prometheus monitoring/k8s > prod.yml',
    'muster monitors --kubeconfig prod.kubeconfig --file /var/run/secrets/kubernetes.io/serviceaccount=/etc/prod',
    "muster monitors --connection '{}' --set 'serviceMonitorSelector={matchLabels: {release: prod}}'",
  ],
  options,
  async run(values, io) {
    const timeout = AbortSignal.timeout(readDuration('timeout', values.timeout, 1));
    const signal = AbortSignal.any([io.signal, timeout]);
    const credentials = createCredentialReader({ directory: process.cwd(), env: io.env });
    const warn = (message: string) => io.err(`${printable(message)}\n`);
    const over = settingsGiven(values.set);
    const fixed = translationOf(values);
    const { selector: label = '' } = values;
    const selectorProblem = labelSelectorProblem(label);
    if (selectorProblem !== undefined) throw new UsageError(`--selector: ${selectorProblem}`);
    if (values.context !== undefined && values.kubeconfig === undefined)
      throw new UsageError('--context needs --kubeconfig');
    await using clients = openHttpClients({ readCredential: credentials, signal, warn });
    const input = { openHttp: clients.openHttp, signal, directory: process.cwd() };
    const { connection, keys } = await connect(values, input);
    const api = openMonitoringApi(connection, warn);
    const { owner, spec } = await prometheusOf(values, api, signal);
    const settings = readSettings(spec, over);
    const selection: Selection = { settings, owner, namespaces: values.namespace, label };
    const found = await api.monitors(selection, signal);
    const translation: Translation = { ...fixed, settings, connection: keys };
    const { read, leftOut } = readAll(found);
    const references = read.flatMap((monitor) => monitorReferences(monitor, settings));
    const lookup = await api.references(references, signal);
    const translated = translate(read, translation, lookup);
    const unread = new Set(
      references
        .filter((one) => lookup(one) === 'unknown')
        .map((one) => `${one.kind} ${one.namespace}/${one.name}`),
    );
    const all = [...leftOut, ...translated.leftOut];
    await io.out(printJobs(translated.jobs, heading(values)));
    report(io, { ...translated, leftOut: all }, [
      ...found.notes,
      ...(settings.additionalScrapeConfigs === undefined
        ? []
        : [
            `the Prometheus has additionalScrapeConfigs, in key ${JSON.stringify(settings.additionalScrapeConfigs.key)} of Secret ${settings.additionalScrapeConfigs.name}: Muster can read this list as it is`,
          ]),
      ...translated.notes,
      ...(unread.size > 0 ? [`may not be read, and were not checked: ${[...unread].join(', ')}`] : []),
      ...((settings.shards ?? 1) > 1 && translation.shard === undefined
        ? [
            `the Prometheus has ${settings.shards} shards: --shard 0/${settings.shards} makes the jobs of the first`,
          ]
        : []),
    ]);
    return values.strict && all.length > 0 ? exitCodes.failed : exitCodes.good;
  },
});

type Given = Values<typeof options>;

function heading({ cluster, prometheus }: Given): readonly string[] {
  const of = cluster === undefined ? '' : ` of ${JSON.stringify(cluster)}`;
  const by = prometheus === undefined ? '' : ` for Prometheus ${JSON.stringify(prometheus)}`;
  return [`Jobs of the Monitors${of}${by}, made by muster monitors ${version}.`];
}

/** Prints what is left out, and what the jobs need. */
function report(io: Io, { jobs, files, leftOut }: Translated, notes: readonly string[]): void {
  const say = (line: string) => io.err(`${printable(line)}\n`);
  for (const { kind, namespace, name, reason } of leftOut)
    say(`Left out: ${kind} ${namespace}/${name}: ${reason}`);
  for (const { path, kind, namespace, name, key } of files)
    say(`Needed: ${path}, with key ${JSON.stringify(key)} of ${kind} ${namespace}/${name}`);
  for (const note of notes) say(`Note: ${note}`);
  const listings = countListings(jobs);
  say(
    `${counted(jobs.length, 'job')}, ${counted(listings, 'SD config')} to list, ${counted(leftOut.length, 'Monitor')} left out`,
  );
}

function readAll({ monitors: found }: ClusterMonitors): {
  readonly read: readonly Monitor[];
  readonly leftOut: readonly LeftOut[];
} {
  const read: Monitor[] = [];
  const leftOut: LeftOut[] = [];
  for (const { spec, ...monitor } of found) {
    try {
      read.push(readMonitor(monitor, spec));
    } catch (error) {
      if (!(error instanceof MusterError) || error.kind !== 'config') throw error;
      leftOut.push({ ...monitor, reason: error.message });
    }
  }
  return { read, leftOut };
}

/** The connection to the API server, and the keys with which SD configs reach it. */
async function connect(
  { kubeconfig, context, connection: given }: Given,
  input: Parameters<typeof openInCluster>[0],
): Promise<{ readonly connection: Connection; readonly keys: Translation['connection'] }> {
  const keys = given === undefined ? undefined : readConnection(given);
  if (kubeconfig === undefined) {
    if (!process.env.KUBERNETES_SERVICE_HOST)
      throw new UsageError('--kubeconfig FILE is missing, and this does not run in a cluster');
    return { connection: await openInCluster(input), keys: keys ?? {} };
  }
  const connection = await openKubeconfig(kubeconfig, input, context);
  if (keys === undefined && !connection.isCurrent)
    throw new UsageError(
      `an SD config reads only the current context, which ${JSON.stringify(context)} is not: write it to another file with "kubectl config view --minify --flatten --context ${context}", and name that file with --connection '{kubeconfig_file: FILE}'`,
    );
  return { connection, keys: keys ?? { kubeconfig_file: resolve(kubeconfig) } };
}

const mapping = z.record(z.string(), z.unknown());

function readConnection(text: string): Translation['connection'] {
  const keys = mapping.safeParse(yamlValue('connection', text), { jitless: true });
  if (!keys.success) throw new UsageError('--connection is a YAML mapping, as in {kubeconfig_file: /etc/k}');
  const checked = kubernetesConfig.safeParse({ ...keys.data, role: 'pod' }, { jitless: true });
  const [problem] = checked.success ? [] : checked.error.issues.flatMap(problemsOf);
  if (problem !== undefined)
    throw new UsageError(`--connection: ${formatKeyPath(problem.path)}: ${problem.message}`);
  return keys.data;
}

function yamlValue(option: string, text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' });
  if (document.errors.length > 0) throw new UsageError(`--${option}: is not YAML`);
  return document.toJS();
}

function settingsGiven(pairs: readonly string[]): ReadonlyMap<string, unknown> {
  return new Map([...pairsOf('set', pairs)].map(([key, value]) => [key, yamlValue('set', value)]));
}

function pairsOf(option: string, pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((text) => {
      const at = text.indexOf('=');
      if (at < 1)
        throw new UsageError(`--${option} is ${option === 'set' ? 'KEY=VALUE' : 'OLD=NEW'}, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function translationOf(values: Given): Omit<Translation, 'settings' | 'connection'> {
  const { cluster, secrets, file, address, shard } = values;
  if (cluster === '') throw new UsageError('--cluster is empty: give a name');
  return {
    cluster,
    secretsFolder: secrets,
    files: pairsOf('file', file),
    addresses: pairsOf('address', address),
    shard: shard === undefined ? undefined : readShard(shard),
    oneListing: values['one-listing'],
  };
}

function readShard(text: string): NonNullable<Translation['shard']> {
  const [, index, total] = /^(\d{1,4})\/([1-9]\d{0,3})$/.exec(text) ?? [];
  if (index === undefined || Number(index) >= Number(total))
    throw new UsageError(`--shard is INDEX/TOTAL, from 0/TOTAL up, as in 0/3, not "${text}"`);
  return { index: Number(index), total: Number(total) };
}

/** The manifest of a Prometheus: the fields that are read. */
const manifest = z.object({
  kind: z.enum(['Prometheus', 'PrometheusAgent']),
  metadata: z.object({ namespace: z.string().default('default') }).default({ namespace: 'default' }),
  spec: z.record(z.string(), z.unknown()),
});

const maxManifestBytes = 4 * 1024 * 1024;

async function prometheusOf(
  { prometheus, 'prometheus-file': file }: Given,
  api: MonitoringApi,
  signal: AbortSignal,
): Promise<{ readonly owner?: string; readonly spec?: unknown }> {
  if (prometheus !== undefined && file !== undefined)
    throw new UsageError('--prometheus and --prometheus-file cannot go together');
  if (file !== undefined) {
    const document = parseDocument(await readText(file, { maxBytes: maxManifestBytes, signal }), {
      logLevel: 'silent',
    });
    if (document.errors.length > 0 || !isMap(document.contents))
      throw new MusterError('config', `${file}: is not the manifest of one Prometheus`);
    const { metadata, spec } = parsed(manifest, document.toJS());
    return { owner: metadata.namespace, spec };
  }
  if (prometheus === undefined) return {};
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(prometheus) ?? [];
  if (namespace === undefined || name === undefined)
    throw new UsageError(`--prometheus is NAMESPACE/NAME, as in monitoring/k8s, not "${prometheus}"`);
  return { owner: namespace, spec: await api.prometheusSpec(namespace, name, signal) };
}
