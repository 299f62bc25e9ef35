import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { startFakeS3 } from '../store/fake-s3.ts';
import { createAuthority } from '../support/certificates.ts';
import { startHttpServer } from '../support/http-server.ts';
import { smallWorld } from '../support/small-world.ts';
import { makeWorkplace } from '../support/workplace.ts';

const findings = z.array(
  z.object({ kind: z.literal('finding'), check: z.string(), state: z.string(), says: z.string() }),
);
const aws = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'us-east-1' };

describe('muster doctor', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'doctor', services: 0, instances: 0, token: 'right' });
  });
  beforeEach(() => {
    fleet.faults.clear();
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  const good = () => ({
    scrape_configs: [{ job_name: 'api', consul_sd_configs: [{ server: fleet.url, token: 'right' }] }],
  });

  async function examine(config: unknown, env: Readonly<Record<string, string>> = {}) {
    await using place = await makeWorkplace(config);
    const { code, stdout, stderr } = await place.run(['doctor', '--output', 'json'], { env });
    const found = findings.parse(JSON.parse(stdout));
    const says = Object.fromEntries(found.map((one) => [one.check, `${one.state}: ${one.says}`]));
    return { code, stderr, says, left: await place.files('.muster/store') };
  }

  test('says in a line each that all is well, and leaves nothing behind', async () => {
    const { code, stderr, says, left } = await examine(good());
    expect([code, stderr, left]).toEqual([0, '', []]);
    expect(says).toEqual({
      muster: expect.stringMatching(/^ok: \d+\.\d+\.\d+.*, on Node \d+\./),
      configuration: expect.stringMatching(/^ok: muster\.yml is valid: 1 provider, 0 kube-state outputs$/),
      'store: list': expect.stringMatching(/^ok: file:\/\/\S+ can be listed, and knows 0 providers$/),
      'store: write': 'ok: an object can be written',
      'store: read': 'ok: what was written is read back at once',
      'store: remove': 'ok: an object can be removed',
      'store: conditional writes': 'ok: are honoured: overlapping runs do no harm',
      clock: 'ok: agrees with that of the store',
      versions: 'ok: nothing in the store is of another version',
      'DNS 127.0.0.1': 'ok: is an address',
      'backend api/consul-0': expect.stringMatching(/^ok: 2 targets in \d+\.\d s$/),
    });
  });

  test('says what credentials may not, what has no name, and what does not answer, and what to do', async () => {
    const job = (job_name: string, server: string) => ({
      job_name,
      consul_sd_configs: [{ server, token: 'wrong' }],
    });
    const { code, stderr, says } = await examine({
      scrape_configs: [
        job('denied', fleet.url),
        job('lost', 'http://no.such.host.invalid:8500'),
        job('shut', 'http://127.0.0.1:1'),
      ],
    });
    expect([code, stderr]).toEqual([1, '4 of 15 checks found something wrong\n']);
    expect(says).toMatchObject({
      'backend denied/consul-0': expect.stringMatching(
        /^wrong: GET .* 403.*: check the credentials and what they may do$/,
      ),
      'DNS no.such.host.invalid': expect.stringMatching(
        /^wrong: no\.such\.host\.invalid has no address here \(\w+\): check the name/,
      ),
      'backend lost/consul-0': expect.stringMatching(/^wrong: .*: check address, port, firewall and proxy$/),
      'backend shut/consul-0': expect.stringMatching(
        /^wrong: .*refused.*: check address, port, firewall and proxy$/,
      ),
    });
  });

  test('reads the certificate of a server, and says which authority is missing', async () => {
    const authority = createAuthority();
    const tls = authority.issue({ names: ['localhost'] });
    await using server = await startHttpServer((_, response) => response.end('[]'), { tls });
    const { code, says } = await examine({
      scrape_configs: [{ job_name: 'web', http_sd_configs: [{ url: `https://localhost:${server.port}/` }] }],
    });
    expect([code, says[`TLS localhost:${server.port}`]]).toEqual([
      1,
      expect.stringMatching(/^(?:ok|hint): TLSv1\.\d[,;] /),
    ]);
    expect(says['backend web/http-0']).toMatch(
      /^wrong: .*: give the certificate of its authority in tls_config/,
    );
  });

  test('says that the store takes no conditional writes, and that the clock is wrong', async () => {
    const fake = await startFakeS3({
      honours: [],
      after: ({ method, key }) => {
        const object = fake.objects.get(key);
        if (method === 'PUT' && object !== undefined)
          fake.objects.set(key, { ...object, modified: object.modified - 600_000 });
        return false;
      },
    });
    try {
      const { code, says } = await examine(
        { ...good(), store: { url: 's3://bucket', endpoint: fake.endpoint } },
        aws,
      );
      expect([code, says.clock]).toEqual([
        1,
        expect.stringMatching(
          /^wrong: this machine is (?:9m59s|10m|10m1s) ahead of the store: start a time service/,
        ),
      ]);
      expect(says['store: conditional writes']).toMatch(/^wrong: .*docs\/stores\.md says which stores do/);
    } finally {
      await fake.stop();
    }
  });

  test('stops at a store that refuses the credentials', async () => {
    const { code, says } = await examine(
      { ...good(), store: { url: 's3://bucket', endpoint: 'http://127.0.0.1:1' } },
      aws,
    );
    expect([code, says['store: list'], says['store: write']]).toEqual([
      1,
      expect.stringMatching(/^wrong: s3:\/\/bucket: .*got no answer; check the endpoint and the network/),
      undefined,
    ]);
  });
});
