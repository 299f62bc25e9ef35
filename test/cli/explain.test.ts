import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const drop = { action: 'drop', source_labels: ['__meta_consul_service'], regex: 'web-2' };
const rules = [{ source_labels: ['__meta_consul_service'], target_label: 'service' }, drop];

/** Five services, then three: web-3 and web-4 have left in version 2. */
describe('muster explain', () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'explain', services: 0, instances: 0 });
    place = await makeWorkplace({
      scrape_configs: [
        { job_name: 'api', consul_sd_configs: [{ server: fleet.url }], relabel_configs: rules },
        {
          job_name: 'own',
          consul_sd_configs: [{ server: fleet.url }],
          relabel_configs: rules,
          muster: { relabel: 'publish' },
        },
      ],
    });
    fleet.replace(smallWorld(5));
    await place.here(['run']);
    fleet.replace(smallWorld(3));
    await place.here(['run']);
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await fleet?.stop();
  });

  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await place.here(['explain', ...args]);
    const time = /\d{4}-\d\d-\d\d \d\d:\d\d UTC/g;
    return { code, stderr, text: stdout.replace(time, 'TIME').replace(/\d+s ago/g, '0s ago') };
  };

  test('says where a target is and since when, and what each rule does to it', async () => {
    const { code, text } = await ask('10.0.0.1:8000', '--job', 'api');
    expect(code).toBe(0);
    expect(text).toContain(
      '10.0.0.1:8000 is published: job api, provider consul-0, since version 1, TIME (0s ago).\n' +
        'No rule drops it: Prometheus scrapes it as instance 10.0.0.1:8000.\n\nLabels before the rules\n' +
        '  __address__="10.0.0.1:8000"\n  __meta_consul_service="web-0"\n  __meta_consul_node="node-0"\n',
    );
    expect(text).toContain(
      'Rules\n  1  {source_labels: [__meta_consul_service], target_label: service}\n     + service="web-0"\n' +
        '  2  {source_labels: [__meta_consul_service], regex: web-2, action: drop}  changes nothing\n',
    );
  });

  test('names the rule of Prometheus that drops it', async () => {
    const { text } = await ask('10.0.0.3', '--job', 'api');
    expect(text).toContain(
      'Prometheus drops it: rule 2 of job api, {source_labels: [__meta_consul_service], regex: web-2, action: drop}, ' +
        'for the value "web-2".\n',
    );
  });

  test('says when and why it left, and what went with it', async () => {
    expect((await ask('10.0.0.5:8000', '--job', 'api')).text).toBe(
      '10.0.0.5:8000 is not published. It left job api, consul-0, in version 2, TIME, with 1 other: ' +
        'the listing no longer had it.\n' +
        'With it went 10.0.0.4:8000: muster history --job api --provider consul-0 --show 2\n' +
        'To restore the list before it: muster rollback api --provider consul-0 --to 1 --pin 2h\n' +
        'The nearest: 10.0.0.1:8000 (job api, consul-0); 10.0.0.2:8000 (job api, consul-0); 10.0.0.3:8000 (job api, consul-0).\n',
    );
  });

  test('what Muster itself drops only the backend can tell', async () => {
    const offline = await ask('10.0.0.3:8000', '--job', 'own');
    expect(offline.text.split('\n').slice(0, 2)).toEqual([
      '10.0.0.3:8000 is not published, and no list that the journal knows had it: 1 provider, 2 targets now.',
      'What the rules of job own drop never reaches the bucket (relabel: publish): only --live can tell.',
    ]);
    const live = await ask('10.0.0.3:8000', '--job', 'own', '--live');
    expect(live.text.split('\n')[1]).toBe(
      'The backend of own/consul-0 has it now, but it is not published: rule 2 of job own, ' +
        '{source_labels: [__meta_consul_service], regex: web-2, action: drop}, for the value "web-2", drops it.',
    );
  });

  test('names what looks alike where nothing ever was', async () => {
    expect((await ask('service=web-11', '--live')).text).toBe(
      'service=web-11 is not published, and no list that the journal knows had it: 2 providers, 5 targets now.\n' +
        'The backends of 2 providers do not have it now: 6 targets listed.\n' +
        'The nearest: service=web-1 (job api, consul-0); service=web-0 (job api, consul-0); service=web-2 (job api, consul-0).\n',
    );
  });

  test('a label is found as it is published, by its short name, and as the rules make it', async () => {
    const first = async (word: string) => (await ask(word, '--job', 'api')).text.split(':')[0];
    expect(
      await Promise.all(['__meta_consul_service_id=web-1', 'id=web-1', 'service=web-1'].map(first)),
    ).toEqual(Array.from({ length: 3 }, () => '10.0.0.2'));
  });

  test('takes the rules of a prometheus.yml, where they stand there', async () => {
    const relabel_configs = [{ action: 'keep', source_labels: ['__meta_consul_dc'], regex: 'dc2' }];
    await place.write('prometheus.yml', {
      scrape_configs: [{ job_name: 'api', file_sd_configs: [{ files: ['x.json'] }], relabel_configs }],
    });
    const file = `${place.folder}/prometheus.yml`;
    expect((await ask('10.0.0.1:8000', '--job', 'api', '--prometheus', file)).text.split('\n')[1]).toBe(
      'Prometheus drops it: rule 1 of job api, {source_labels: [__meta_consul_dc], regex: dc2, action: keep}, for the value "dc1".',
    );
  });

  test('a list that was rolled back says so, with who and why', async () => {
    await place.here(['rollback', 'api', '--to', '1', '--reason', 'bad deploy']);
    const back = await ask('10.0.0.5:8000', '--job', 'api');
    expect(back.text.split('\n')[0]).toBe(
      '10.0.0.5:8000 is published: job api, provider consul-0, since version 3, TIME (0s ago).',
    );
    await place.here(['rollback', 'api', '--to', '2', '--reason', 'it was good', '--max-removed', '9']);
    const { text } = await ask('10.0.0.5:8000', '--job', 'api');
    expect(text.split('\n')[0]).toMatch(
      /^10\.0\.0\.5:8000 is not published\. It left job api, consul-0, in version 4, TIME, with 1 other: the list was rolled back by .+ \(it was good\)\.$/,
    );
  });

  test('as JSON, each fact is an element of a kind', async () => {
    const kindsOf = async (...args: string[]) =>
      z
        .array(z.looseObject({ kind: z.string() }))
        .parse(JSON.parse((await ask(...args, '--output', 'json')).text))
        .map(({ kind }) => kind);
    expect(await kindsOf('10.0.0.1:8000', '--live')).toEqual([
      ...['answer', 'published-target', 'published-target', 'live-listing', 'live-listing'],
      ...['provider', 'provider'],
    ]);
    expect(await kindsOf('10.0.0.5:8000', '--job', 'api')).toEqual([
      ...['answer', 'departure', 'nearest-address', 'nearest-address', 'nearest-address', 'provider'],
    ]);
  });

  test('a question without words is refused', async () => {
    const { code, stderr } = await ask();
    expect([code, stderr]).toEqual([
      2,
      'muster explain: name a target, as in 10.0.0.7:9100, or a label, as in pod=web-1; see "muster explain --help"\n',
    ]);
  });
});
