import { describe, expect, test } from '@jest/globals';
import { readApp } from '../../lib/app/app.ts';
import { prometheusStanza } from '../../lib/cli/prometheus-stanza.ts';
import { silentLogger } from '../../lib/telemetry/log.ts';
import { makeWorkplace } from '../support/workplace.ts';

describe('muster check', () => {
  test.each([
    [['30s'], 'api-0/consul-0 (30s)'],
    [['1m', '59s'], 'api-1/consul-0 (59s)'],
    [['15s', '2m', '1s'], 'api-0/consul-0 (15s) and 1 other provider'],
  ])('tells what costs more as a function than it seems: intervals of %j', async (intervals, which) => {
    await using place = await makeWorkplace(config(intervals, 's3://my-bucket/muster'));
    const { code, stderr } = await place.here(['check']);
    expect([code, stderr.split('\n').slice(1)]).toEqual([
      0,
      [
        `Hint: ${which} with a refresh_interval below 1m: as an AWS function, which ticks once a minute, each waits for its ` +
          'next cycle and is billed for that; "refresh_interval: 1m" avoids it',
        '',
      ],
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
    const { stderr } = await place.here(['check']);
    expect(stderr.split('\n').at(-2)).toBe(
      'Hint: Muster runs the relabel_configs of publish (relabel: publish). Run by Prometheus as well, they ' +
        'read __meta_ labels that are gone, and overwrite good labels with nothing. To change a job that is scraped: ' +
        '1. add it here a second time under another name, with "relabel: publish"; 2. in prometheus.yml, in one ' +
        'reload, let the job read the new files and take its relabel_configs out; 3. remove the old one here',
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

  test.each([
    [['1m', '5m'], 's3://my-bucket/muster'],
    [['30s'], 'folder'],
    [[], 's3://my-bucket/muster'],
  ])('has nothing more to say of %j in %s', async (intervals, store) => {
    await using place = await makeWorkplace(config(intervals, store));
    const { code, stderr } = await place.here(['check']);
    expect([code, stderr.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/ is valid: /)]);
  });
});

const input = { env: {}, log: silentLogger };

function config(intervals: readonly string[], store: string): object {
  const scrape_configs = intervals.map((refresh_interval, index) => ({
    job_name: `api-${index}`,
    consul_sd_configs: [{ refresh_interval }],
  }));
  return { store, scrape_configs };
}
