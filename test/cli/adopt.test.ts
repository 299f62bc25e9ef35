import { chmod, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runHere } from '../support/io.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const original = `# mine
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ['localhost:9090'] }]
  - job_name: api # the API
    basic_auth: { username: me, password: of-the-scrape }
    consul_sd_configs:
      - server: consul:8500 # the agent
        token: hunter2
    relabel_configs:
      - { source_labels: [__meta_consul_service], target_label: service }
`;
const adopted = original.replace(
  /consul_sd_configs:\n.*\n.*hunter2/,
  "file_sd_configs:\n      - files: ['muster/api/*.json']",
);

/** Runs the command on the folder's `prometheus.yml`, and shows paths as they are below the folder. */
async function adopt(place: Workplace, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runHere(['adopt', join(place.folder, 'prometheus.yml'), ...args]);
  const short = (text: string) => text.replaceAll(`${place.folder}/`, '');
  return { code, stdout: short(stdout), stderr: short(stderr) };
}

async function placeWith(files: Readonly<Record<string, string>>): Promise<Workplace> {
  const place = await makeWorkplace();
  for (const [path, text] of Object.entries(files)) await place.write(path, text);
  return place;
}

describe('muster adopt', () => {
  test('shows what would change, without secrets, and writes nothing', async () => {
    await using place = await placeWith({ 'prometheus.yml': original });
    const { code, stdout, stderr } = await adopt(place);
    expect([code, await place.files(), await place.read('prometheus.yml')]).toEqual([
      0,
      ['prometheus.yml'],
      original,
    ]);
    expect(stdout).toBe(`--- prometheus.yml
+++ prometheus.yml
@@ -4,8 +4,7 @@
     static_configs: [{ targets: ['localhost:9090'] }]
   - job_name: api # the API
     basic_auth: { username: me, password: <secret> }
-    consul_sd_configs:
-      - server: consul:8500 # the agent
-        token: <secret>
+    file_sd_configs:
+      - files: ['muster/api/*.json']
     relabel_configs:
       - { source_labels: [__meta_consul_service], target_label: service }
--- /dev/null
+++ muster.yml
@@ -0,0 +1,9 @@
+# The jobs that Muster discovers; Prometheus has them of muster/<job>/*.json.
+# The relabel_configs are copies: Prometheus runs its own. "muster check --prometheus FILE" says where they differ.
+scrape_configs:
+  - job_name: api # the API
+    consul_sd_configs:
+      - server: consul:8500 # the agent
+        token_file: 'muster-credentials/api/consul-0.token'
+    relabel_configs:
+      - { source_labels: [__meta_consul_service], target_label: service }
`);
    expect(
      stderr,
    ).toBe(`Note: prometheus.yml:9:9 scrape_configs[1].consul_sd_configs[0].token goes into the file muster-credentials/api/consul-0.token
Left to Prometheus: static_configs of prometheus
Hint: the rules of api allow labels: needed, which makes smaller files; --needed writes it, --verify measures it
Nothing is written; --write does it
In this order:
  1. muster adopt prometheus.yml --write-muster
  2. muster run -c muster.yml    publishes the lists; schedule it, or deploy the functions
  3. muster sync --from .muster/store --to muster --once    Prometheus must find the files; then let it run on, without --once
  4. muster adopt prometheus.yml --write
  5. promtool check config prometheus.yml, then reload Prometheus
Leave relabel_configs in Prometheus. With "relabel: publish" Muster runs them, and Prometheus must not: rules that read
__meta_ labels that are gone overwrite good labels with nothing. "muster check" has the order for that.
To go back: muster adopt prometheus.yml --undo, then reload Prometheus.
`);
  });

  test('writes both files, credentials that only their owner reads, and keeps the original', async () => {
    await using place = await placeWith({ 'prometheus.yml': original });
    await chmod(join(place.folder, 'prometheus.yml'), 0o640);
    const { code, stderr } = await adopt(place, '--write');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('2 files written; the originals are in .muster/adopted/prometheus.yml\n'),
    ]);
    const modes = await Promise.all(
      [
        'prometheus.yml',
        'muster-credentials',
        'muster-credentials/api/consul-0.token',
        '.muster/adopted',
        '.muster/adopted/prometheus.yml/0-prometheus.yml',
      ].map(async (path) => ((await stat(join(place.folder, path))).mode & 0o777).toString(8)),
    );
    expect(modes).toEqual(['640', '700', '600', '700', '640']);
    expect([
      await place.read('prometheus.yml'),
      await place.read('muster-credentials/api/consul-0.token'),
      await place.read('.muster/adopted/prometheus.yml/0-prometheus.yml'),
    ]).toEqual([adopted, 'hunter2', original]);
    expect((await place.here(['check', '--offline', '--strict'])).code).toBe(0);
    const { code: again, stderr: why } = await adopt(place, '--write');
    expect([again, why]).toEqual([
      1,
      'prometheus.yml is adopted already, by muster.yml; muster adopt prometheus.yml --undo restores the original\n',
    ]);
  });

  test('--undo gives the very bytes back, a link and a byte order mark among them, and may be done again', async () => {
    const text = `\uFEFF${original.replaceAll('\n', '\r\n')}`;
    await using place = await placeWith({ 'real/prometheus.yml': text });
    await symlink('real/prometheus.yml', join(place.folder, 'prometheus.yml'));
    const bytes = await readFile(join(place.folder, 'prometheus.yml'));
    for (let round = 0; round < 2; round++) {
      expect((await adopt(place, '--write')).code).toBe(0);
      expect(await place.read('real/prometheus.yml')).toBe(`\uFEFF${adopted.replaceAll('\n', '\r\n')}`);
      const { code, stdout } = await adopt(place, '--undo');
      expect([code, stdout]).toEqual([0, 'real/prometheus.yml: the original is restored\n']);
      expect(await readFile(join(place.folder, 'prometheus.yml'))).toEqual(bytes);
    }
    expect(await adopt(place, '--undo')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'muster adopt: prometheus.yml was not adopted: there is no original in .muster/adopted/prometheus.yml\n',
    });
  });

  test('--undo refuses files that were edited since, each in a line, unless it is told to', async () => {
    const more = 'scrape_configs: [{ job_name: more, dns_sd_configs: [{ names: [more] }] }]\n';
    await using place = await placeWith({
      'prometheus.yml': `scrape_config_files: [jobs/*.yml]\n${original}`,
      'jobs/a.yml': more,
    });
    expect((await adopt(place, '--write')).code).toBe(0);
    await place.write('prometheus.yml', `${await place.read('prometheus.yml')}# edited\n`);
    await place.write('jobs/a.yml', '');
    const { code, stdout, stderr } = await adopt(place, '--undo');
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      'prometheus.yml was edited since it was adopted: --undo --force restores the original and loses the edits\n' +
        'jobs/a.yml was edited since it was adopted: --undo --force restores the original and loses the edits\n',
    ]);
    expect(await place.read('prometheus.yml')).toMatch(/# edited\n$/);
    expect((await adopt(place, '--undo', '--force')).code).toBe(0);
    expect([await place.read('prometheus.yml'), await place.read('jobs/a.yml')]).toEqual([
      `scrape_config_files: [jobs/*.yml]\n${original}`,
      more,
    ]);
  });

  test('reads and rewrites the files of scrape_config_files, with paths that start from their folders', async () => {
    await using place = await placeWith({
      'prometheus.yml': 'scrape_config_files: [jobs/*.yml]\n',
      'jobs/a.yml': `scrape_configs:
  - job_name: a/b
    http_sd_configs:
      - url: http://sd
        basic_auth: { username: me, password_file: secrets/a } # of a
        tls_config: { ca_file: /etc/ca.crt, cert_file: ../tls/crt, key_file: ../tls/key }
`,
    });
    await mkdir(join(place.folder, 'conf'));
    const args = ['-c', join(place.folder, 'conf/muster.yml'), '--store', 's3://bucket/muster', '--write'];
    const { code, stderr } = await adopt(place, ...args);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('muster sync --from s3://bucket/muster --to muster --once'),
    ]);
    expect([await place.read('prometheus.yml'), await place.read('jobs/a.yml')]).toEqual([
      'scrape_config_files: [jobs/*.yml]\n',
      "scrape_configs:\n  - job_name: a/b\n    file_sd_configs:\n      - files: ['../muster/a%2Fb/*.json']\n",
    ]);
    const folder = place.folder;
    expect((await place.read('conf/muster.yml')).split('\n').slice(2)).toEqual([
      "store: 's3://bucket/muster'",
      'scrape_configs:',
      '  - job_name: a/b',
      '    http_sd_configs:',
      '      - url: http://sd',
      `        basic_auth: { username: me, password_file: '${folder}/jobs/secrets/a' } # of a`,
      `        tls_config: { ca_file: /etc/ca.crt, cert_file: '${folder}/tls/crt', key_file: '${folder}/tls/key' }`,
      '',
    ]);
    expect((await adopt(place, '--undo')).code).toBe(0);
  });

  test('--http asks a sidecar, and --needed publishes what the rules read', async () => {
    await using place = await placeWith({ 'prometheus.yml': original });
    const { code, stderr } = await adopt(place, '--http', 'http://localhost:9469/', '--needed', '--write');
    expect([code, await place.read('prometheus.yml')]).toEqual([
      0,
      adopted.replace(
        /file_sd_configs:\n.*/,
        "http_sd_configs:\n      - url: 'http://localhost:9469/sd/api'",
      ),
    ]);
    expect(await place.read('muster.yml')).toMatch(/^ {4}muster: \{ labels: needed \}$/m);
    expect(stderr).toContain('--listen localhost:9469    the sidecar must answer, and run on\n');
    expect(stderr).toContain(
      '\nUntil the second step is done, Prometheus has no targets for these jobs if it restarts.\n',
    );
    const { code: wrong } = await adopt(place, '--http', 'localhost:9469', '--undo');
    expect(wrong).toBe(0);
    expect((await adopt(place, '--http', 'localhost')).code).toBe(2);
  });

  test.each([
    ['', '3.5.3+ds1', 'defaults: { prometheus: 3.5 }'],
    ['', '2.53.0', 'defaults: { prometheus: 3.5 }'],
    ['', '4.1.0', 'scrape_configs:'],
    ['3.10', '3.5.3', 'defaults: { prometheus: 3.10 }'],
  ])(
    'wants the labels of the Prometheus that reads them: --prometheus "%s" beside promtool %s',
    async (given, there, line) => {
      await using place = await placeWith({
        'prometheus.yml': original,
        promtool: `#!/bin/sh\necho "promtool, version ${there} (branch: HEAD, revision: 1)"\n`,
      });
      await chmod(join(place.folder, 'promtool'), 0o755);
      const args = given === '' ? [] : ['--prometheus', given];
      const { code, stderr } = await runHere(
        ['adopt', join(place.folder, 'prometheus.yml'), ...args, '--write-muster'],
        {
          env: { PATH: place.folder },
        },
      );
      expect([code, (await place.read('muster.yml')).split('\n')[2]]).toEqual([0, line]);
      expect(stderr).toContain(` --prometheus ${given || there.replace('+ds1', '')} --write\n`);
      expect((await place.here(['check', '--offline'])).code).toBe(0);
    },
  );

  test('--write-muster leaves prometheus.yml alone until the lists are there', async () => {
    await using place = await placeWith({ 'prometheus.yml': original });
    const { code, stderr } = await adopt(place, '--write-muster');
    expect([code, stderr, await place.read('prometheus.yml')]).toEqual([
      0,
      expect.stringContaining('muster.yml is written, prometheus.yml is unchanged\n'),
      original,
    ]);
    expect(stderr).toContain('\n  3. muster adopt prometheus.yml --write\n');
    const options = ['--to', '/etc/prom/a b', '--store', 's3://bucket/a', '--needed'];
    expect((await adopt(place, ...options)).stderr).toContain(
      "\n  4. muster adopt prometheus.yml --to '/etc/prom/a b' --store s3://bucket/a --needed --write\n",
    );
    expect((await adopt(place, '--write')).code).toBe(0);
    expect(await place.read('prometheus.yml')).toBe(adopted);
  });

  test('replaces no muster.yml and no credential that says something else', async () => {
    await using place = await placeWith({ 'prometheus.yml': original, 'muster.yml': '# mine\n' });
    const { code, stderr } = await adopt(place, '--write');
    expect([
      code,
      stderr.split('\n').at(-2),
      await place.files(),
      await place.read('prometheus.yml'),
    ]).toEqual([
      1,
      'muster adopt: muster.yml exists and has other content: move it away, or name another file with --config',
      ['muster.yml', 'prometheus.yml'],
      original,
    ]);
  });

  test('says where there is nothing to adopt, and what is left to Prometheus', async () => {
    await using place = await placeWith({
      'prometheus.yml': 'scrape_configs: [{ job_name: a, static_configs: [{}] }]',
    });
    expect(await adopt(place, '--write')).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'prometheus.yml has no SD config that Muster reads: there is nothing to adopt\nLeft to Prometheus: static_configs of a\n',
    });
  });

  test('tells all mistakes of all files at once, at file, line and column', async () => {
    await using place = await placeWith({
      'prometheus.yml': 'scrape_config_files: [jobs/*.yml, gone.yml]\nscrape_configs:\n  - job_nam: a\n',
      'jobs/a.yml': 'scrape_configs:\n  - { job_name: b, dns_sd_configs: [{ names: [] }] }\n',
      'jobs/b.yml': 'scrape_configs: [\n',
    });
    const { code, stdout, stderr } = await adopt(place, '--write');
    expect([code, stdout, stderr.trim().split('\n')]).toEqual([
      2,
      '',
      [
        'prometheus.yml:1:35 scrape_config_files[1]: gone.yml does not exist',
        'prometheus.yml:3:5 scrape_configs[0].job_name: is required',
        'prometheus.yml:3:5 scrape_configs[0].job_nam: unknown key, did you mean "job_name"?',
        'jobs/a.yml:2:39 scrape_configs[0].dns_sd_configs[0].names: must list at least one domain name',
        expect.stringMatching(/^jobs\/b\.yml:\d:\d/),
        'muster adopt: 5 problems in prometheus.yml',
      ],
    ]);
  });

  test('names each job that cannot be replaced where it stands', async () => {
    await using place = await placeWith({
      'prometheus.yml': `scrape_configs:
  - job_name: a
    ? dns_sd_configs
    : - names: [a]
  - job_name: b
    dns_sd_configs: [{ names: [b] }]
`,
    });
    const { code, stderr } = await adopt(place, '--write');
    expect([code, stderr.split('\n')[0], await place.files()]).toEqual([
      2,
      expect.stringMatching(
        /^prometheus\.yml:2:5 scrape_configs\[0\]: its SD configs cannot be replaced in place/,
      ),
      ['prometheus.yml'],
    ]);
  });

  test('--verify without promtool compares by the own rules, and --write waits for it', async () => {
    await using place = await placeWith({
      'prometheus.yml': `scrape_configs:
  - job_name: web
    http_sd_configs: [{ url: 'http://127.0.0.1:1/' }]
`,
    });
    const { code, stdout, stderr } = await adopt(place, '--verify', '--write');
    expect([code, stdout.split('\n').at(-2), stderr.split('\n').at(-2), await place.files()]).toEqual([
      1,
      expect.stringMatching(/^web: unknown: GET http:\/\/127\.0\.0\.1:1\/: the connection was refused/),
      'Nothing is written: a job differs, or could not be compared',
      ['prometheus.yml'],
    ]);
  });
});

describe('muster adopt --print scrapeconfig', () => {
  test('prints a manifest for each job, says what it has no place for, and writes nothing', async () => {
    await using place = await placeWith({ 'prometheus.yml': original });
    const { code, stdout, stderr } = await adopt(place, '--to', '/muster/targets', '--print', 'scrapeconfig');
    expect({ code, stdout, stderr, files: await place.files() }).toEqual({
      code: 0,
      stdout: `apiVersion: monitoring.coreos.com/v1alpha1
kind: ScrapeConfig
metadata:
  name: api
spec:
  jobName: api
  fileSDConfigs:
    - files:
        - /muster/targets/api/*.json
  relabelings:
    - sourceLabels:
        - __meta_consul_service
      targetLabel: service
`,
      stderr: 'api: a ScrapeConfig has no key for basic_auth\n',
      files: ['prometheus.yml'],
    });
  });

  test('reads the list of a sidecar with --http, and refuses another kind', async () => {
    await using place = await placeWith({ 'prometheus.yml': original });
    const { stdout } = await adopt(place, '--http', 'http://muster:9469', '--print', 'scrapeconfig');
    expect(stdout).toContain('  httpSDConfigs:\n    - url: http://muster:9469/sd/api\n');
    const { code, stderr } = await adopt(place, '--print', 'json');
    expect([code, stderr]).toEqual([
      2,
      'muster adopt: --print takes scrapeconfig, not json; see "muster adopt --help"\n',
    ]);
  });
});
