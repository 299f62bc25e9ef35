import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eureka, eurekaConfig } from '../../../lib/backends/eureka/index.ts';
import { encodeGroup } from '../../../lib/targets/canonical.ts';
import { type EurekaFleet, startEurekaFleet } from '../../sim/eureka.ts';
import { listTargets } from '../../support/discover.ts';
import { failure, plainConfig } from '../../support/http-client.ts';

let fleet: EurekaFleet;
beforeEach(async () => {
  fleet = await startEurekaFleet({ seed: 'discover', applications: 30 });
});
afterEach(() => fleet.stop());

const list = (server = `${fleet.url}/eureka`) => listTargets(eureka, { server });
const answer = (body: string) => {
  fleet.faults.clear();
  fleet.faults.add({ kind: 'status', status: 200, body });
};
/** The list after an answer with these instances of one application. */
const listed = async (instances: string) => {
  answer(`<applications><application><name>CART</name>${instances}</application></applications>`);
  return (await list()).groups;
};

describe('applications', () => {
  test('each with instances is a group, from one call', async () => {
    const { groups, listed, progress } = await list();
    const applications = fleet.world().applications;
    const filled = applications.filter(({ instances }) => instances.length > 0);
    expect(groups.map(({ source, targets }) => [source, targets.length])).toEqual(
      filled.map(({ name, instances }) => [name, instances.length]),
    );
    expect(filled.length).toBeGreaterThan(15);
    expect(applications.length).toBeGreaterThan(filled.length);
    expect({ listed, progress }).toEqual({ listed: undefined, progress: [{ read: 30, total: 30 }] });
    expect(fleet.requests.map(({ method, path, headers }) => [method, path, headers.accept])).toEqual([
      ['GET', '/eureka/apps', 'application/xml'],
    ]);
  });

  test('none is an empty list', async () => {
    fleet.replace({ applications: [] });
    expect((await list()).groups).toEqual([]);
    answer('<applications/>');
    expect((await list()).groups).toEqual([]);
  });

  test('two of one name are one group', async () => {
    const one = (host: string) =>
      `<application><name>A</name><instance><hostName>${host}</hostName></instance></application>`;
    answer(`<applications>${one('x')}${one('y')}</applications>`);
    expect((await list()).groups.map(({ targets }) => targets.map((target) => target.__address__))).toEqual([
      ['x:80', 'y:80'],
    ]);
  });

  test('the same seed makes the same applications and the same churn', async () => {
    const again = await startEurekaFleet({ seed: 'discover', applications: 30 });
    expect(fleet.mutate(50)).toEqual(again.mutate(50));
    const digests = (await list()).groups.map((group) => encodeGroup(group).digest);
    const { groups } = await list(`${again.url}/eureka`);
    await again.stop();
    expect(groups.map((group) => encodeGroup(group).digest)).toEqual(digests);
  });
});

describe('an instance', () => {
  test('with everything', async () => {
    expect(
      await listed(`<instance>
        <instanceId>i-1</instanceId><hostName>fd00::1</hostName><app>CART</app><ipAddr>10.0.0.1</ipAddr>
        <status>UP</status><port enabled="true">08080</port><securePort enabled="false">443</securePort>
        <countryId> 1 </countryId><homePageUrl>http://a/?b=1&amp;c=2</homePageUrl><statusPageUrl>s</statusPageUrl>
        <healthCheckUrl>h</healthCheckUrl><vipAddress>v</vipAddress><secureVipAddress>sv</secureVipAddress>
        <dataCenterInfo class="x"><name>Amazon</name><metadata><ami-id>a</ami-id></metadata></dataCenterInfo>
        <metadata class="y"><a.b>1</a.b><a_b>2</a_b><empty/><raw>x &amp; <b>y</b></raw></metadata>
      </instance>`),
    ).toEqual([
      {
        source: 'CART',
        labels: { __meta_eureka_app_name: 'CART' },
        targets: [
          {
            __address__: '[fd00::1]:8080',
            instance: 'i-1',
            __meta_eureka_app_instance_id: 'i-1',
            __meta_eureka_app_instance_hostname: 'fd00::1',
            __meta_eureka_app_instance_ip_addr: '10.0.0.1',
            __meta_eureka_app_instance_status: 'UP',
            __meta_eureka_app_instance_port: '8080',
            __meta_eureka_app_instance_port_enabled: 'true',
            __meta_eureka_app_instance_secure_port: '443',
            __meta_eureka_app_instance_secure_port_enabled: 'false',
            __meta_eureka_app_instance_country_id: '1',
            __meta_eureka_app_instance_homepage_url: 'http://a/?b=1&c=2',
            __meta_eureka_app_instance_statuspage_url: 's',
            __meta_eureka_app_instance_healthcheck_url: 'h',
            __meta_eureka_app_instance_vip_address: 'v',
            __meta_eureka_app_instance_secure_vip_address: 'sv',
            __meta_eureka_app_instance_datacenterinfo_name: 'Amazon',
            __meta_eureka_app_instance_datacenterinfo_metadata_ami_id: 'a',
            __meta_eureka_app_instance_metadata_a_b: '2',
            __meta_eureka_app_instance_metadata_raw: 'x &amp; <b>y</b>',
          },
        ],
      },
    ]);
  });

  test('with nothing', async () => {
    expect(await listed('<instance/>')).toEqual([
      {
        source: 'CART',
        labels: { __meta_eureka_app_name: 'CART' },
        targets: [{ __address__: ':80', __meta_eureka_app_instance_country_id: '0' }],
      },
    ]);
  });

  test.each([
    ['<port>x</port>', 'port: expected a whole number'],
    ['<port> </port>', 'port: expected a whole number'],
    ['<port enabled="yes">1</port>', 'port.enabled: expected true or false'],
    ['<securePort>1.5</securePort>', 'securePort: expected a whole number'],
    ['<countryId>9223372036854775808</countryId>', 'countryId: expected a whole number'],
    [
      '<isCoordinatingDiscoveryServer>no</isCoordinatingDiscoveryServer>',
      'isCoordinatingDiscoveryServer: expected true or false',
    ],
  ])('that says %s fails the listing', async (body, says) => {
    const path = 'applications.application[0].instance[1]';
    expect(await failure(listed(`<instance/><instance>${body}</instance>`))).toEqual({
      kind: 'malformed',
      message: `GET ${fleet.url}/eureka/apps: unexpected XML: ${path}.${says}`,
    });
  });
});

test('another document is not an empty list', async () => {
  answer('<html><body>Sign in</body></html>');
  expect(await failure(list())).toEqual({
    kind: 'malformed',
    message: `GET ${fleet.url}/eureka/apps: expected XML, got a document that is not Eureka's list of applications`,
  });
});

describe('eureka_sd_configs', () => {
  test('the server alone will do', () => {
    expect(eurekaConfig.parse({ server: 'http://eureka:8761/eureka/' })).toEqual({
      refresh_interval: 30_000,
      server: 'http://eureka:8761/eureka',
      http: plainConfig,
    });
  });

  test.each([
    [undefined, 'is required'],
    ...['', 'eureka:8761', 'http://', 'http://u:p@a', 'http://a?b=c'].map(
      (server) =>
        [server, 'must be an http:// or https:// URL without credentials, query and fragment'] as const,
    ),
  ])('%j is no server', (server, message) => {
    const { error } = eurekaConfig.safeParse({ server });
    expect(error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)).toEqual([
      `server: ${message}`,
    ]);
  });
});
