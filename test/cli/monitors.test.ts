import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { runHere } from '../support/io.ts';
import { monitoredCluster } from '../support/monitored-cluster.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const world = monitoredCluster();
const printed = z.object({ scrape_configs: z.array(z.looseObject({ job_name: z.string() })) });

let cluster: KubernetesFleet;
let place: Workplace;
beforeAll(async () => {
  cluster = await startKubernetesFleet({ ...world, token: 'hush-kubeconfig' });
  place = await makeWorkplace();
  await place.write('kubeconfig', cluster.kubeconfig());
});
afterAll(async () => {
  await cluster?.stop();
  await place?.[Symbol.asyncDispose]();
});

const monitors = (...args: readonly string[]) =>
  runHere(['monitors', '--kubeconfig', `${place.folder}/kubeconfig`, ...args]);
const mapped = [
  ...['--file', '/var/run/secrets/kubernetes.io/serviceaccount=/etc/eu'],
  ...['--address', 'blackbox.monitoring.svc:9115=127.0.0.1:1'],
];
const namesIn = (stdout: string) =>
  printed.parse(parse(stdout)).scrape_configs.map(({ job_name }) => job_name);

describe('muster monitors', () => {
  test('prints a job of each endpoint, and says what it left out and why', async () => {
    const { code, stdout, stderr } = await monitors(...mapped, '--secrets', '/etc/eu/monitors');
    const names = namesIn(stdout);
    expect([code, new Set(names).size, names.slice(0, 3), names.at(-1)]).toEqual([
      0,
      39,
      [
        'serviceMonitor/billing/by-role/0',
        'serviceMonitor/billing/limits/0',
        'serviceMonitor/billing/login/0',
      ],
      'scrapeConfig/shop/database',
    ]);
    expect(stderr.split('\n')).toEqual([
      'Left out: ServiceMonitor shop/bad-rule: endpoints[0]: relabelings[0].regex: is not a regular expression of RE2: missing closing )',
      'Left out: ServiceMonitor shop/no-secret: endpoints[0]: key "token" of Secret shop/gone is missing',
      "Left out: ServiceMonitor shop/own-file: endpoints[0]: tlsConfig.caFile is /etc/prometheus/own/ca.crt, which exists only in the cluster's own Prometheus: give its local path with --file /etc/prometheus/own/ca.crt=PATH",
      'Left out: Probe shop/own-prober: prober.url: prober.shop.svc is an address that only DNS inside the cluster knows: give its local name with --address prober.shop.svc=HOST:PORT',
      'Needed: /etc/eu/monitors/secret/billing/login/password, with key "password" of Secret billing/login',
      'Needed: /etc/eu/monitors/secret/billing/login/user, with key "user" of Secret billing/login',
      'Needed: /etc/eu/monitors/secret/billing/token/client, with key "client" of Secret billing/token',
      'Needed: /etc/eu/monitors/secret/billing/token/value, with key "value" of Secret billing/token',
      'Needed: /etc/eu/monitors/secret/shop/ca/ca.crt, with key "ca.crt" of Secret shop/ca',
      '39 jobs, 16 SD configs to list, 4 Monitors left out',
      '',
    ]);
  });

  test('prints no credential', async () => {
    const { stdout, stderr } = await monitors(...mapped, '--cluster', 'eu');
    expect(`${stdout}${stderr}`.match(/hush|BEGIN CERTIFICATE/)).toBe(null);
  });

  test('takes selectors, limits and intervals of a Prometheus of the cluster', async () => {
    const { stdout, stderr } = await monitors(...mapped, '--prometheus', 'monitoring/k8s', '-n', 'shop');
    const { scrape_configs: jobs } = printed.parse(parse(stdout));
    const limits = new Set(
      jobs.map(({ scrape_interval, sample_limit }) => `${scrape_interval} ${sample_limit}`),
    );
    expect([[...limits].sort(), stderr.match(/^\d+ jobs.*$/m)?.[0]]).toEqual([
      ['1m 100000', '2m 100000', '45s 100000'],
      '10 jobs, 6 SD configs to list, 4 Monitors left out',
    ]);
  });

  test('names what else the Prometheus scrapes, and that it is one of several shares', async () => {
    const { stderr } = await monitors(
      '--prometheus',
      'monitoring/k8s',
      '--set',
      'shards=3',
      '-n',
      'monitoring',
    );
    expect(stderr.match(/^Note: .*$/gm)).toEqual([
      'Note: the Prometheus has additionalScrapeConfigs, in key "more.yml" of Secret more: Muster can read this list as it is',
      'Note: the Prometheus has 3 shards: --shard 0/3 makes the jobs of the first',
    ]);
  });

  test('with --one-listing has one SD config for each role', async () => {
    const { stderr } = await monitors(...mapped, '--one-listing', '-l', 'release=k8s');
    // Those which the API server selects for, or which need the labels of nodes, stay apart.
    expect(stderr).toContain('39 jobs, 8 SD configs to list');
  });

  test('a role that an SD config selects by itself, and the nodes of others, are all that tells them apart', async () => {
    const { stdout } = await monitors(...mapped, '--one-listing', '-n', 'monitoring', '-n', 'kube-system');
    const { scrape_configs: jobs } = printed.parse(parse(stdout));
    expect(new Set(jobs.map(({ kubernetes_sd_configs: sd }) => JSON.stringify(sd)))).toEqual(
      new Set(
        ['endpoints', 'pod', 'node'].map((role) =>
          JSON.stringify([{ role, kubeconfig_file: `${place.folder}/kubeconfig` }]),
        ),
      ),
    );
  });

  test('takes settings one by one, and a Prometheus from a file', async () => {
    await place.write('prometheus.yml', {
      kind: 'Prometheus',
      metadata: { namespace: 'shop' },
      spec: { podMonitorSelector: {}, enforcedNamespaceLabel: 'tenant' },
    });
    const one = await monitors('--prometheus-file', `${place.folder}/prometheus.yml`);
    const other = await monitors('--set', 'podMonitorSelector={matchLabels: {a: b}}', '-n', 'shop');
    expect([namesIn(one.stdout), one.stderr, one.stdout.includes('target_label: tenant')]).toEqual([
      ['podMonitor/shop/batch/0', 'podMonitor/shop/front/0'],
      'Note: the Prometheus has no serviceMonitorSelector, which selects no ServiceMonitor\n' +
        'Note: the Prometheus has no probeSelector, which selects no Probe\n' +
        'Note: the Prometheus has no scrapeConfigSelector, which selects no ScrapeConfig\n' +
        '2 jobs, 1 SD config to list, 0 Monitors left out\n',
      true,
    ]);
    expect(namesIn(other.stdout).filter((name) => name.startsWith('podMonitor'))).toEqual([]);
  });

  test('goes on without the right to read Secrets, and says so', async () => {
    const restore = [cluster.deny({ verb: 'get', resource: 'secrets', namespace: 'billing' })];
    try {
      const { code, stderr } = await monitors('-n', 'billing', '--strict');
      expect([code, stderr.match(/^Note: .*$/m)?.[0]]).toEqual([
        0,
        'Note: may not be read, and were not checked: Secret billing/login, Secret billing/token',
      ]);
    } finally {
      for (const one of restore) one();
    }
  });

  test('with --strict a Monitor that is left out makes it fail', async () => {
    const { code } = await monitors(...mapped, '--strict');
    expect(code).toBe(1);
  });

  test('says which right is missing', async () => {
    const restore = cluster.deny({ resource: 'podmonitors' });
    try {
      const { code, stderr } = await monitors();
      expect([code, stderr]).toEqual([
        1,
        `muster monitors: GET ${cluster.url}/apis/monitoring.coreos.com/v1/podmonitors: HTTP 403: user "system:serviceaccount:monitoring:muster" may not list podmonitors in all namespaces: bind it to a ClusterRole with the rule {apiGroups: ["monitoring.coreos.com"], resources: ["podmonitors"], verbs: ["list"]}\n`,
      ]);
    } finally {
      restore();
    }
  });

  test('a cluster without the operator is not one with no Monitors', async () => {
    const restore = cluster.removeGroup('monitoring.coreos.com');
    try {
      const { code, stdout, stderr } = await monitors();
      expect([code, stdout, stderr]).toEqual([
        1,
        '',
        'muster monitors: the cluster has no ServiceMonitor, PodMonitor, Probe or ScrapeConfig of monitoring.coreos.com: is this the one where the operator is?\n',
      ]);
    } finally {
      restore();
    }
  });

  test('without a kubeconfig, and outside a cluster, asks for one', async () => {
    const { code, stderr } = await runHere(['monitors']);
    expect([code, stderr]).toEqual([
      2,
      'muster monitors: --kubeconfig FILE is missing, and this does not run in a cluster; see "muster monitors --help"\n',
    ]);
  });

  test('a context that an SD config would not use needs to be said how it is reached', async () => {
    const [, name = ''] = /"current-context": "(.*)"/.exec(cluster.kubeconfig()) ?? [];
    const other = cluster.kubeconfig().replace(`"current-context": "${name}"`, '"current-context": "none"');
    await place.write('other', other);
    const args = ['monitors', '--kubeconfig', `${place.folder}/other`, '--context', name, '-n', 'shop'];
    const refused = await runHere(args);
    const given = await runHere([...args, '--connection', '{kubeconfig_file: /etc/eu/kubeconfig}']);
    expect([
      refused.code,
      refused.stderr,
      given.code,
      given.stdout.includes('kubeconfig_file: /etc/eu/kubeconfig'),
    ]).toEqual([
      2,
      `muster monitors: an SD config reads only the current context, which "${name}" is not: write it to another file with "kubectl config view --minify --flatten --context ${name}", and name that file with --connection '{kubeconfig_file: FILE}'; see "muster monitors --help"\n`,
      0,
      true,
    ]);
  });

  test.each([
    [['--set', 'enforcedSampleLimit'], '--set is KEY=VALUE, not "enforcedSampleLimit"'],
    [
      ['--connection', '{role: pod, api_serve: x}'],
      '--connection: api_serve: unknown key, did you mean "api_server"?',
    ],
    [['--connection', 'x'], '--connection is a YAML mapping, as in {kubeconfig_file: /etc/k}'],
    [['--shard', '3/3'], '--shard is INDEX/TOTAL, from 0/TOTAL up, as in 0/3, not "3/3"'],
    [['--selector', 'a in b'], '--selector: has "b" where "(" after "in" should be'],
    [['--prometheus', 'k8s'], '--prometheus is NAMESPACE/NAME, as in monitoring/k8s, not "k8s"'],
    [['--cluster', ''], '--cluster is empty: give a name'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await monitors(...args);
    expect([code, stderr]).toEqual([2, `muster monitors: ${message}; see "muster monitors --help"\n`]);
  });
});
