import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/base/logger.ts';
import { prometheusStanza } from '../../lib/cli/dev.ts';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { readApp } from '../../lib/run/app.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { inputOf, listing, providerOf } from '../support/provider.ts';
import { makeWorkplace } from '../support/workplace.ts';

describe('muster check', () => {
  test('says which providers the configuration would retire, when, and with how many targets', async () => {
    await using place = await makeWorkplace({ scrape_configs: [consulJob('web'), consulJob('old')] });
    await runCycle(
      providerOf(() => listing(40), { job: 'old', provider: 'consul-0' }),
      inputOf(createFileStore(`${place.folder}/.muster/store`)),
    );
    const hints = async (args: readonly string[] = []) => {
      const { code, stderr } = await place.here(['check', ...args]);
      return [code, stderr.split('\n').filter((line) => line.startsWith('Hint: old'))];
    };
    expect(await hints()).toEqual([0, []]);
    await place.write('muster.yml', { scrape_configs: [consulJob('web'), consulJob('new')] });
    expect(await hints(['--offline'])).toEqual([0, []]);
    const { stderr } = await place.here(['check']);
    expect(stderr).toContain('Hint: the store was not asked what would be retired');
    expect(stderr).toContain('and this configuration knows 0 of them');
    await place.write('muster.yml', {
      scrape_configs: [
        consulJob('web'),
        { job_name: 'old', dns_sd_configs: [{ names: ['a.b'], type: 'A', port: 1 }] },
      ],
    });
    expect(await hints()).toEqual([
      0,
      [
        'Hint: old/consul-0 (40 targets): it left the configuration, is retired in 15m; "muster retire old --provider consul-0" does it now',
      ],
    ]);
  });

  test.each([
    [['30s'], 'api-0/consul-0 (30s)', 13, []],
    [['2m', '30s', '30s'], 'api-1/consul-0 (30s) and 1 more', 26, []],
    [
      ['15s', '2m', '1s'],
      'api-0/consul-0 (15s) and 1 more',
      46,
      ['Hint: api-2/consul-0 is listed every second, the shortest interval: "refresh_interval: 0s" means 1s'],
    ],
  ])(
    'tells what costs more as a function than it seems: intervals of %j',
    async (intervals, which, dollars, before) => {
      await using place = await makeWorkplace(config(intervals, 's3://my-bucket/muster'));
      const { code, stderr } = await place.here(['check', '--offline']);
      expect([code, stderr.split('\n').slice(1)]).toEqual([
        0,
        [
          ...before,
          'Hint: on AWS it needs osls deploy --param="backends=consul"',
          `Hint: ${which}: as an AWS function at rate(1 minute) each invocation waits for the next cycle and is billed for ` +
            `that, about ${dollars} dollars a month in all; "refresh_interval: 1m" avoids it`,
          '',
        ],
      ]);
    },
  );

  test('tells it of kube state, too, and which backends are needed', async () => {
    const kube_state_metrics = [{ name: 'prod', kubernetes: { refresh_interval: '30s' } }];
    const place = await makeWorkplace({ ...config(['1m'], 's3://my-bucket/muster'), kube_state_metrics });
    await using _ = place;
    const { stderr } = await place.here(['check', '--offline']);
    expect(stderr.split('\n').slice(1, 3)).toEqual([
      'Hint: on AWS it needs osls deploy --param="backends=consul,kube-state"',
      expect.stringMatching(/^Hint: kube state prod \(30s\): .* about 13 dollars a month/),
    ]);
  });

  test('tells in which order the rules of a job leave prometheus.yml when Muster runs them', async () => {
    const scrape_configs = ['publish', 'prometheus'].map((relabel) => ({
      job_name: relabel,
      consul_sd_configs: [{}],
      relabel_configs: [{ source_labels: ['__meta_consul_service'], target_label: 'service' }],
      muster: { relabel },
    }));
    await using place = await makeWorkplace({ scrape_configs });
    const { stderr } = await place.here(['check', '--offline']);
    expect(stderr.split('\n').at(-2)).toBe(
      'Hint: Muster runs the relabel_configs of publish (relabel: publish). If Prometheus runs them too, they ' +
        'read __meta_ labels that are gone, and overwrite good labels with nothing. To change a job that is scraped: ' +
        '1. add it here a second time under another name, with "relabel: publish"; 2. in prometheus.yml, in one ' +
        'reload, let the job read the new files and remove its relabel_configs; 3. remove the old job here',
    );
    expect(prometheusStanza('/targets', (await readApp(`${place.folder}/muster.yml`, input)).providers)).toBe(
      'scrape_configs:\n' +
        '  - job_name: "publish"\n' +
        '    # Without its relabel_configs, which Muster has run (relabel: publish); "muster check" has the order.\n' +
        '    file_sd_configs:\n' +
        '      - files: ["/targets/publish/*.json"]\n' +
        '  - job_name: "prometheus"\n' +
        '    file_sd_configs:\n' +
        '      - files: ["/targets/prometheus/*.json"]\n',
    );
  });

  test('takes SD configs of one job that are alike, as Prometheus does, and says what becomes of them', async () => {
    const consul_sd_configs = [{ token: 'a' }, { token: 'b' }, { token: 'a' }];
    await using place = await makeWorkplace({ scrape_configs: [{ job_name: 'api', consul_sd_configs }] });
    const { code, stderr, stdout } = await place.here(['check', '--offline']);
    expect([code, stdout.match(/consul-\d/g), stderr.split('\n').slice(1)]).toEqual([
      0,
      ['consul-0', 'consul-1'],
      [
        'Hint: api/consul-0 is twice in its job, and is listed once',
        'Hint: api/consul-1 lists the same from the same server as another SD config of its job, and differs from it only ' +
          'by its position: give it a name, as in muster: {name: consul-eu}',
        '',
      ],
    ]);
  });

  test('warns where the rules of prometheus.yml are others, at file, line and column', async () => {
    const rules = [{ source_labels: ['__meta_consul_service'], target_label: 'service' }];
    const job = (job_name: string, muster: object, relabel_configs: readonly object[] = rules) => ({
      ...{ job_name, consul_sd_configs: [{}], relabel_configs, muster },
    });
    const scheme = { source_labels: ['__scheme__'], target_label: 'scheme' };
    await using place = await makeWorkplace({
      scrape_configs: [
        job('same', {}),
        job('other', {}),
        job('needed', { labels: 'needed' }),
        job('mapped', { labels: 'needed' }),
        job('publish', { relabel: 'publish' }),
        job('scheme', {}, [scheme]),
        job('gone', {}),
      ],
    });
    const same = '[{ source_labels: [__meta_consul_service], target_label: service }]';
    await place.write(
      'prometheus.yml',
      `scrape_config_files: [more.yml]
scrape_configs:
  - { job_name: same, relabel_configs: ${same} }
  - { job_name: other, relabel_configs: [{ source_labels: [a], target_label: b }] }
  - job_name: needed
    relabel_configs:
      - { source_labels: [__meta_consul_service], target_label: service }
      - { source_labels: [__meta_consul_node], target_label: node }
  - { job_name: publish, relabel_configs: ${same} }
  - { job_name: scheme, scheme: https, relabel_configs: [{ source_labels: [__scheme__], target_label: scheme }] }
`,
    );
    await place.write(
      'more.yml',
      'scrape_configs:\n  - job_name: mapped\n    relabel_configs: [{ action: labelmap, regex: __meta_consul_(.+) }]\n',
    );
    const file = join(place.folder, 'prometheus.yml');
    const drift = async (args: readonly string[] = []) => {
      const { code, stderr } = await place.here(['check', '--offline', '--prometheus', file, ...args]);
      const warnings = stderr.split('\n').filter((line) => line.startsWith('Warning: '));
      return [code, warnings.map((line) => line.replaceAll(`${place.folder}/`, '').slice(9))];
    };
    const expected = [
      'prometheus.yml:2:1 scrape_configs: there is no job "gone", but Muster publishes it',
      'prometheus.yml:4:42 scrape_configs[1].relabel_configs[0]: is not the rule that "other" has there in muster.yml',
      'prometheus.yml:8:9 scrape_configs[2].relabel_configs[1]: reads __meta_consul_node, which Muster does not publish for "needed" (labels: needed): copy the rule to muster.yml',
      'prometheus.yml:9:44 scrape_configs[3].relabel_configs[0]: Muster runs the rules of "publish" (relabel: publish), and this rule reads __meta_ labels, which are gone: remove the rules here',
      'prometheus.yml:10:25 scrape_configs[4].scheme: is not what "scheme" has in muster.yml, and its rules read it',
      'more.yml:3:23 scrape_configs[0].relabel_configs[0]: reads what fits "__meta_consul_(.+)", which Muster does not publish for "mapped" (labels: needed): copy the rule to muster.yml',
    ];
    expect(await drift()).toEqual([0, expected]);
    expect(await drift(['--strict'])).toEqual([1, expected]);
    await place.write('muster.yml', { scrape_configs: [job('same', { labels: 'needed' })] });
    expect(await drift(['--strict'])).toEqual([0, []]);
  });

  test('takes a refresh_interval of 0s, as Prometheus does, and says what it means', async () => {
    await using place = await makeWorkplace(config(['0s', '30s'], 'folder'));
    const { code, stderr } = await place.here(['check', '--offline']);
    expect([code, stderr.split('\n').slice(1)]).toEqual([
      0,
      [
        'Hint: api-0/consul-0 is listed every second, the shortest interval: "refresh_interval: 0s" means 1s',
        '',
      ],
    ]);
  });

  test.each([
    [['1m', '5m', '59s', '40s'], 's3://my-bucket/muster', /^Hint: on AWS it needs/],
    [['30s'], 'folder', / is valid: /],
    [[], 's3://my-bucket/muster', / is valid: /],
  ])('has nothing to say of the costs of %j in %s', async (intervals, store, last) => {
    await using place = await makeWorkplace(config(intervals, store));
    const { code, stderr } = await place.here(['check', '--offline']);
    expect([code, stderr.split('\n').at(-2)]).toEqual([0, expect.stringMatching(last)]);
  });
});

const input = { env: {}, log: silentLogger };

function consulJob(job_name: string): object {
  return { job_name, consul_sd_configs: [{}] };
}

function config(intervals: readonly string[], store: string): object {
  const scrape_configs = intervals.map((refresh_interval, index) => ({
    job_name: `api-${index}`,
    consul_sd_configs: [{ refresh_interval }],
  }));
  return { store, scrape_configs };
}
