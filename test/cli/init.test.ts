import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/base/logger.ts';
import { readApp } from '../../lib/run/app.ts';
import { shapes } from '../config/shapes.ts';
import { runHere } from '../support/io.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

/** What every test misses but its own: Docker's socket may be there on the machine. */
const none = { DOCKER_HOST: 'ssh://nowhere' };
const missedOthers = [
  'Not found: Kubernetes: no kubeconfig (KUBECONFIG, ~/.kube/config), and this is not a pod',
  'Not found: Consul: CONSUL_HTTP_ADDR is not set',
  'Not found: Nomad: NOMAD_ADDR is not set',
  'Not found: Docker: DOCKER_HOST is an ssh: address, which Muster does not support',
];

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'prod',
  clusters: [{ name: 'prod', cluster: { server: 'https://127.0.0.1:6443' } }],
  users: [{ name: 'me', user: { token: 'canary-token' } }],
  contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'me' } }],
};

async function init(
  place: Workplace,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
) {
  const { code, stdout, stderr } = await place.here(['init', ...args], { env: { ...none, ...env } });
  const lines = stderr.replaceAll(`${place.folder}/`, '').trimEnd().split('\n');
  return { code, stdout, lines };
}

async function providersOf(place: Workplace): Promise<readonly string[]> {
  const { providers } = await readApp(join(place.folder, 'muster.yml'), { env: {}, log: silentLogger });
  return providers.map(({ job, provider }) => `${job}/${provider}`);
}

describe('muster init', () => {
  test('writes a commented file that works, of Consul by its variables', async () => {
    await using place = await makeWorkplace();
    const env = {
      CONSUL_HTTP_ADDR: 'consul.internal:8501',
      CONSUL_HTTP_SSL: 'true',
      CONSUL_HTTP_TOKEN: 'canary',
    };
    expect(await init(place, env)).toEqual({
      code: 0,
      stdout: '',
      lines: [
        'Found CONSUL_HTTP_ADDR: job consul',
        'Not found: prometheus.yml does not exist',
        ...missedOthers.filter((line) => !line.includes('Consul')),
        'Wrote muster.yml; next: muster check -c muster.yml, then muster dev -c muster.yml',
      ],
    });
    const written = await place.read('muster.yml');
    expect(written.slice(written.indexOf('\nscrape_configs:'))).toBe(`
scrape_configs:
  # Every instance of every service. "services: [web, api]" takes some of them.
  # From CONSUL_HTTP_ADDR.
  - job_name: consul
    consul_sd_configs:
      - server: consul.internal:8501
        scheme: https
        token_ref: env:CONSUL_HTTP_TOKEN
    relabel_configs:
      - source_labels:
          - __meta_consul_service
        target_label: service
`);
    expect([await providersOf(place), written.includes('canary')]).toEqual([['consul/consul-0'], false]);
  });

  test('finds a kubeconfig, Nomad, and the socket of Docker', async () => {
    await using place = await makeWorkplace();
    await place.write('.kube/config', kubeconfig);
    const socket = join(place.folder, 'docker.sock');
    const engine = createServer();
    await new Promise<void>((resolve) => engine.listen(socket, resolve));
    try {
      const env = {
        HOME: place.folder,
        NOMAD_ADDR: 'http://127.0.0.1:4646',
        NOMAD_TOKEN: 'canary',
        DOCKER_HOST: `unix://${socket}`,
      };
      const { code, lines } = await init(place, env);
      expect([code, lines.slice(0, -1)]).toEqual([
        0,
        [
          'Found .kube/config: job kubernetes-pods',
          'Found NOMAD_ADDR: job nomad',
          'Found docker.sock: job docker',
          'Not found: prometheus.yml does not exist',
          'Not found: Consul: CONSUL_HTTP_ADDR is not set',
        ],
      ]);
      expect(await providersOf(place)).toEqual([
        'kubernetes-pods/kubernetes-0',
        'nomad/nomad-0',
        'docker/docker-0',
      ]);
      expect(await place.read('muster.yml')).not.toContain('canary');
    } finally {
      await new Promise((resolve) => engine.close(resolve));
    }
  });

  test('Docker over TLS, by the variables of its command', async () => {
    await using place = await makeWorkplace();
    const env = { DOCKER_HOST: 'tcp://manager:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
    const { stdout } = await init(place, env, ['--dry-run']);
    expect(stdout).toContain(`      - host: https://manager:2376
        tls_config:
          ca_file: /certs/ca.pem
          cert_file: /certs/cert.pem
          key_file: /certs/key.pem
`);
  });

  test('in a pod the cluster is the one around it', async () => {
    await using place = await makeWorkplace();
    const { code, lines } = await init(place, { KUBERNETES_SERVICE_HOST: '10.0.0.1' });
    expect([code, lines[0], await providersOf(place)]).toEqual([
      0,
      'Found KUBERNETES_SERVICE_HOST: job kubernetes-pods',
      ['kubernetes-pods/kubernetes-0'],
    ]);
  });

  test('says what it missed and writes nothing where nothing is found', async () => {
    await using place = await makeWorkplace();
    expect([await init(place), await place.files()]).toEqual([
      {
        code: 1,
        stdout: '',
        lines: [
          'Not found: prometheus.yml does not exist',
          ...missedOthers,
          'muster init: nothing was found, so nothing is written: set one of these, or start from the README',
        ],
      },
      [],
    ]);
  });

  test('what is found and wrong is told, not written', async () => {
    await using place = await makeWorkplace();
    await place.write('kube', { kind: 'Config', 'current-context': 'gone' });
    const env = { CONSUL_HTTP_ADDR: 'http://me:secret@consul', KUBECONFIG: join(place.folder, 'kube') };
    const { code, lines } = await init(place, env);
    expect([code, lines.slice(1, 3)]).toEqual([
      1,
      [
        'Not found: Kubernetes: kube: its current-context does not exist',
        'Not found: CONSUL_HTTP_ADDR: server must be host:port, http://host:port/prefix, https://host:port/prefix or unix:///path',
      ],
    ]);
  });

  test('a file that is there is never written over, and --dry-run prints beside it', async () => {
    await using place = await makeWorkplace();
    await place.write('muster.yml', '# mine\n');
    const env = { NOMAD_ADDR: 'http://127.0.0.1:4646' };
    const { code, lines } = await init(place, env);
    const dry = await init(place, env, ['--dry-run']);
    expect([
      code,
      lines,
      dry.code,
      dry.stdout.includes('- job_name: nomad'),
      await place.read('muster.yml'),
    ]).toEqual([
      1,
      ['muster init: muster.yml exists and stays as it is; --dry-run prints what would be in it'],
      0,
      true,
      '# mine\n',
    ]);
  });

  test('a URL is no file to write', async () => {
    const { code, stderr } = await runHere(['init', '-c', 's3://bucket/muster.yml']);
    expect([code, stderr]).toEqual([
      2,
      'muster init: --config is the path of a file to write, not s3://bucket/muster.yml; see "muster init --help"\n',
    ]);
  });
});

describe('a prometheus.yml beside it', () => {
  test.each(shapes)(
    '$name: what Muster lists is taken over, and nothing else',
    async ({ text, providers }) => {
      await using place = await makeWorkplace();
      await place.write('prometheus.yml', text);
      const { code, lines } = await init(place);
      const found = code === 0 ? [...(await providersOf(place))].sort() : lines[0];
      expect(found).toEqual(
        providers.length > 0
          ? [...providers].sort()
          : 'Not found: prometheus.yml: it has no job whose targets Muster can list',
      );
    },
  );

  test('jobs are copied as they stand, with their comments; others stay, and names are not taken twice', async () => {
    await using place = await makeWorkplace();
    await place.write(
      'prometheus.yml',
      `global: { scrape_interval: 15s }
scrape_configs:
    - job_name: nomad
      static_configs: [{ targets: ['localhost:4646'] }]
    # The names.
    - job_name: "names" # not of Consul
      dns_sd_configs:
      - names:
        - a.example # first
      relabel_configs:
      - { target_label: zone, replacement: 0123 }
`,
    );
    const { code } = await init(place, {
      NOMAD_ADDR: 'http://127.0.0.1:4646',
      CONSUL_HTTP_ADDR: 'localhost:8500',
    });
    const written = await place.read('muster.yml');
    const jobs = written.slice(
      written.indexOf('\nscrape_configs:\n') + 1,
      written.indexOf('\n  # Every instance'),
    );
    expect([code, jobs.replace(/ {2}# From [^\n]*\n/, ''), await providersOf(place)]).toEqual([
      0,
      `scrape_configs:
  - job_name: "names" # not of Consul
    dns_sd_configs:
    - names:
      - a.example # first
    relabel_configs:
    - { target_label: zone, replacement: 0123 }
`,
      ['names/dns-0', 'consul/consul-0', 'nomad-2/nomad-0'],
    ]);
  });

  test('one that is not valid is told with its first problem', async () => {
    await using place = await makeWorkplace();
    await place.write('prometheus.yml', 'scrape_configs:\n- job_name: a\n  dns_sd_config: []\n');
    const { code, lines } = await init(place);
    expect([code, lines[0]]).toEqual([
      1,
      'Not found: prometheus.yml is not valid: prometheus.yml:3:3 scrape_configs[0].dns_sd_config: unknown key, did you mean "dns_sd_configs"?',
    ]);
  });
});
