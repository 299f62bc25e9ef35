import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ec2 } from '../../../lib/backends/aws/ec2.ts';
import { aws } from '../../../lib/backends/aws/index.ts';
import type { FleetRequest } from '../../../lib/sim/faults.ts';
import { type FleetServer, startFleetServer } from '../../../lib/sim/server.ts';
import { createAuthority } from '../../support/certificates.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { runHere } from '../../support/io.ts';
import { runMuster } from '../../support/muster.ts';
import { startProxy } from '../../support/proxy-server.ts';

const before = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^AWS_|_proxy$/i.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIAPROCESS',
    AWS_SECRET_ACCESS_KEY: 'process',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});

/** One instance in each region of each account; what an access key may see is in its account. */
const accounts: Readonly<Record<string, string>> = {
  AKIAPROCESS: '111111111111',
  AKIASTANZA: '111111111111',
  AKIAPROFILE: '111111111111',
  ASIA222222222222: '222222222222',
  ASIA333333333333: '333333333333',
};

/** A call: the access key that signed it, its region and its parameters. */
interface SignedCall {
  readonly key: string;
  readonly region: string;
  readonly form: URLSearchParams;
}

function readCall({ headers, body }: FleetRequest): SignedCall {
  const [, key = '', region = ''] =
    /Credential=(\w+)\/\d+\/([\w-]+)\//.exec(headers.authorization ?? '') ?? [];
  return { key, region, form: new URLSearchParams(body) };
}

interface Fake extends AsyncDisposable {
  readonly server: FleetServer;
  /** Who asked what, and where: `AKIA… DescribeInstances eu-west-1`. */
  readonly calls: () => readonly string[];
}

/** STS and EC2 on one address. `refused` says which call is answered with an error. */
async function startFake(
  refused: (call: SignedCall) => string | undefined = () => undefined,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Fake> {
  const calls: string[] = [];
  const xml = (text: string, status = 200) => ({
    status,
    headers: { 'content-type': 'text/xml' },
    body: text,
  });
  const server = await startFleetServer(
    (request) => {
      const call = readCall(request);
      const { key, region, form } = call;
      const action = form.get('Action') ?? '';
      calls.push(`${key} ${action} ${region}`);
      const code = accounts[key] === undefined ? 'AuthFailure' : refused(call);
      if (code !== undefined)
        return xml(
          `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors></Response>`,
          400,
        );
      if (action === 'AssumeRole') {
        const account = form.get('RoleArn')?.split(':')[4];
        const until = new Date(Date.now() + 3_600_000).toISOString();
        return xml(
          `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA${account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        );
      }
      const id = `i-${accounts[key]}-${region}`;
      return xml(
        action === 'DescribeInstances'
          ? `<DescribeInstancesResponse><reservationSet><item><ownerId>${accounts[key]}</ownerId><instancesSet><item><instanceId>${id}</instanceId><privateIpAddress>10.0.0.1</privateIpAddress></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`
          : '<DescribeAvailabilityZonesResponse><availabilityZoneInfo/></DescribeAvailabilityZonesResponse>',
      );
    },
    tls === undefined ? {} : { tls },
  );
  process.env.AWS_ENDPOINT_URL_STS = server.url;
  return { server, calls: () => calls, [Symbol.asyncDispose]: () => server.stop() };
}

const arn = (account: string) => `arn:aws:iam::${account}:role/reader`;
const stanza = ({ server }: Fake, more: object = {}) => ({
  region: 'eu-west-1',
  endpoint: server.url,
  ...more,
});
/** The arguments of `muster targets` on the stanza, with its configuration in the folder. */
async function targetsOf(folder: string, ec2: object): Promise<readonly string[]> {
  const config = join(folder, 'muster.yml');
  await writeFile(config, JSON.stringify({ scrape_configs: [{ job_name: 'node', ec2_sd_configs: [ec2] }] }));
  return ['targets', '-c', config, '--job', 'node', '--output', 'json'];
}
const sources = ({ groups }: Awaited<ReturnType<typeof listTargets>>) => groups.map(({ source }) => source);

describe('the credentials of a stanza', () => {
  test('are those of the process, without any of its own', async () => {
    await using fake = await startFake();
    expect(sources(await listTargets(ec2, stanza(fake)))).toEqual(['eu-west-1/i-111111111111-eu-west-1']);
    expect(fake.calls()).toEqual([
      'AKIAPROCESS DescribeAvailabilityZones eu-west-1',
      'AKIAPROCESS DescribeInstances eu-west-1',
    ]);
  });

  test('are its access key, from files and references too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-aws-'));
    await using fake = await startFake();
    try {
      await writeFile(join(folder, 'id'), 'AKIASTANZA\n');
      const keys = { access_key_file: 'id', secret_key_ref: 'env:STANZA_SECRET' };
      const env = { STANZA_SECRET: 'canary-3e1' };
      const { code, stdout, stderr } = await runHere(await targetsOf(folder, stanza(fake, keys)), { env });
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('canary-3e1')]);
      expect(stdout).toContain('i-111111111111-eu-west-1');
      expect(fake.calls()).toContain('AKIASTANZA DescribeInstances eu-west-1');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('are those of its profile, whose region counts too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-aws-'));
    await using fake = await startFake();
    try {
      const file = join(folder, 'credentials');
      await writeFile(file, '[monitoring]\naws_access_key_id=AKIAPROFILE\naws_secret_access_key=p\n');
      await writeFile(join(folder, 'config'), '[profile monitoring]\nregion = eu-central-1\n');
      const env = {
        ...{ AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(folder, 'config') },
        ...{ AWS_ACCESS_KEY_ID: 'AKIAPROCESS', AWS_SECRET_ACCESS_KEY: 'process' },
      };
      Object.assign(process.env, env);
      const given = { endpoint: fake.server.url, profile: 'monitoring' };
      expect(sources(await listTargets(ec2, given))).toEqual(['eu-central-1/i-111111111111-eu-central-1']);
      expect(fake.calls()).toContain('AKIAPROFILE DescribeInstances eu-central-1');
      // The SDK would say on the console that it prefers the profile to the keys of the environment.
      const { code, stderr } = await runMuster(await targetsOf(folder, given), { env });
      expect([code, stderr]).toEqual([0, '']);
      expect(
        await failure(listTargets(ec2, { ...given, profile: 'none', region: 'eu-west-1' })),
      ).toMatchObject({
        kind: 'denied',
        message: expect.stringContaining('profile none gives no credentials'),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('are those of its role, which the access key assumes with the external ID', async () => {
    const forms: URLSearchParams[] = [];
    await using fake = await startFake(({ form }) => {
      if (form.get('Action') === 'AssumeRole') forms.push(form);
      return undefined;
    });
    const keys = { access_key: 'AKIASTANZA', secret_key: 's' };
    const listed = await listTargets(
      ec2,
      stanza(fake, { ...keys, role_arn: arn('222222222222'), external_id: 'tenant-7' }),
    );
    expect(sources(listed)).toEqual(['eu-west-1/i-222222222222-eu-west-1']);
    expect(listed.listed).toEqual({ backend: ['222222222222'] });
    expect(fake.calls()).toEqual([
      'AKIASTANZA AssumeRole eu-west-1',
      'ASIA222222222222 DescribeAvailabilityZones eu-west-1',
      'ASIA222222222222 DescribeInstances eu-west-1',
    ]);
    expect(forms.map((form) => [form.get('RoleArn'), form.get('ExternalId')])).toEqual([
      [arn('222222222222'), 'tenant-7'],
    ]);
  });

  test('fail the listing in one line where the role may not be assumed', async () => {
    await using fake = await startFake(({ form }) =>
      form.get('Action') === 'AssumeRole' ? 'AccessDenied' : undefined,
    );
    const error = await failure(listTargets(ec2, stanza(fake, { role_arn: arn('222222222222') })));
    expect(error).toMatchObject({
      kind: 'denied',
      message: expect.stringMatching(
        /the role arn:aws:iam::222222222222:role\/reader cannot be assumed: .*AccessDenied/,
      ),
    });
    expect(error.message).not.toContain('\n');
  });
});

describe('many regions and roles in one stanza', () => {
  const regions = ['eu-west-1', 'us-east-1'];
  const roles = [arn('222222222222'), arn('333333333333')];
  const both = (fake: Fake) => ({ role: 'ec2', endpoint: fake.server.url, muster: { regions, roles } });

  test('give one list, for which each role is assumed once', async () => {
    await using fake = await startFake();
    const listed = await listTargets(aws, both(fake));
    expect(sources(listed).toSorted()).toEqual([
      'eu-west-1/i-222222222222-eu-west-1',
      'eu-west-1/i-333333333333-eu-west-1',
      'us-east-1/i-222222222222-us-east-1',
      'us-east-1/i-333333333333-us-east-1',
    ]);
    expect(listed.listed).toEqual({ backend: ['222222222222', '333333333333'] });
    const assumed = fake.calls().filter((call) => call.includes('AssumeRole'));
    expect(assumed.toSorted()).toEqual([
      'AKIAPROCESS AssumeRole eu-west-1',
      'AKIAPROCESS AssumeRole eu-west-1',
    ]);
  });

  test.each([...accountsAndRegions()])('fail whole where %s fails in %s', async (account, region) => {
    await using fake = await startFake(({ key, form, ...call }) =>
      key === `ASIA${account}` && call.region === region && form.get('Action') === 'DescribeInstances'
        ? 'UnauthorizedOperation'
        : undefined,
    );
    expect(await failure(listTargets(aws, both(fake)))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining(`ec2:DescribeInstances in ${region} as ${arn(account)}: POST `),
    });
  });
});

function accountsAndRegions(): readonly (readonly [string, string])[] {
  return ['222222222222', '333333333333'].flatMap((account) =>
    ['eu-west-1', 'us-east-1'].map((region) => [account, region] as const),
  );
}

describe('the way to AWS', () => {
  test('leads through proxy_url, for STS too', async () => {
    await using fake = await startFake();
    const { host } = new URL(fake.server.url);
    await using proxy = await startProxy({ hosts: { 'ec2.test': host, 'sts.test': host } });
    process.env.AWS_ENDPOINT_URL_STS = 'http://sts.test';
    const through = {
      region: 'eu-west-1',
      endpoint: 'http://ec2.test',
      proxy_url: proxy.url.href,
      role_arn: arn('222222222222'),
    };
    expect(sources(await listTargets(ec2, through))).toEqual(['eu-west-1/i-222222222222-eu-west-1']);
    expect(proxy.seen.map(({ line }) => line)).toEqual([
      'POST http://sts.test/',
      'POST http://ec2.test/',
      'POST http://ec2.test/',
    ]);
  });

  test('trusts the authority of tls_config alone at an endpoint of its own, for STS too', async () => {
    const authority = createAuthority();
    await using fake = await startFake(undefined, authority.issue({ names: ['127.0.0.1'] }));
    const secure = stanza(fake, { role_arn: arn('222222222222') });
    expect(sources(await listTargets(ec2, { ...secure, tls_config: { ca: authority.cert } }))).toEqual([
      'eu-west-1/i-222222222222-eu-west-1',
    ]);
    expect((await failure(listTargets(ec2, secure))).kind).toBe('tls');
    const stranger = createAuthority('Another authority').cert;
    expect((await failure(listTargets(ec2, { ...secure, tls_config: { ca: stranger } }))).kind).toBe('tls');
    expect(fake.calls().length).toBe(3);
  });
});

describe('when AWS asks to slow down', () => {
  const slow = (code: string) => {
    let refusals = 2;
    return ({ form }: SignedCall) =>
      form.get('Action') === 'DescribeInstances' && refusals-- > 0 ? code : undefined;
  };

  test.each(['Throttling', 'RequestLimitExceeded', 'ThrottlingException', 'TooManyRequestsException'])(
    'a call is made a third time after two answers of %s',
    async (code) => {
      await using fake = await startFake(slow(code));
      const deadline = Date.now() + 30_000;
      expect((await listTargets(ec2, stanza(fake), { deadline })).groups.length).toBe(1);
      expect(fake.calls().filter((call) => call.includes('DescribeInstances')).length).toBe(3);
    },
  );

  test('the listing fails as throttled before its deadline, not at it', async () => {
    await using fake = await startFake(() => 'Throttling');
    const deadline = Date.now() + 1000;
    expect(await failure(listTargets(ec2, stanza(fake), { deadline }))).toMatchObject({
      kind: 'throttled',
      message: expect.stringMatching(/HTTP 400 Bad Request: Throttling: no \(tried \d+ times\)$/),
    });
  });
});
