import type { FleetAnswer, FleetRequest } from '../../lib/sim/faults.ts';
import { type Random, seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';

interface EurekaInstance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly status: 'UP' | 'DOWN' | 'STARTING' | 'OUT_OF_SERVICE';
  readonly isOnAmazon: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

interface EurekaApplication {
  readonly name: string;
  readonly instances: readonly EurekaInstance[];
}

interface EurekaWorld {
  readonly applications: readonly EurekaApplication[];
}

export interface EurekaFleetOptions extends FleetServerOptions {
  readonly seed: number | string;
  readonly applications: number;
  /** Ask for this bearer token. */
  readonly token?: string;
  /** Path in front of `/apps`. Default `/eureka`. */
  readonly pathPrefix?: string;
}

/** A running simulated Eureka. */
export interface EurekaFleet extends FleetServer {
  world(): EurekaWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: EurekaWorld): void;
}

/** A Eureka on loopback with seeded applications, for the demo, the tests and the bench. */
export async function startEurekaFleet(options: EurekaFleetOptions): Promise<EurekaFleet> {
  const { seed, applications: count, token, pathPrefix = '/eureka' } = options;
  const random = seededRandom(seed);
  let world: EurekaWorld = {
    applications: Array.from({ length: count }, (_, number) =>
      makeApplication(random.fork(`application-${number}`), number),
    ),
  };
  const churn = seededRandom(`${seed}/churn`);
  const respond = (request: FleetRequest): FleetAnswer => {
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: '' };
    if (request.path !== `${pathPrefix}/apps`) return { status: 404, body: '' };
    return { headers: { 'content-type': 'application/xml' }, body: applicationsBody(world) };
  };
  const server = await startFleetServer(respond, options);
  return {
    ...server,
    world: () => world,
    mutate(times = 1) {
      const changes: string[] = [];
      for (let done = 0; done < times; done += 1) {
        const { applications, change } = changeOne(world.applications, churn);
        world = { applications };
        changes.push(change);
      }
      return changes;
    },
    replace(next) {
      world = next;
    },
  };
}

const metadataSets = [
  { 'management.port': '8081', 'prometheus.path': '/actuator/prometheus' },
  { zone: 'eu-1a', note: 'a <b> & "c"' },
  { größe: 'ü', 'kebab-case': 'x', empty: '' },
  {},
];

function makeApplication(random: Random, number: number): EurekaApplication {
  const name = `APP-${number}`;
  const instances = Array.from({ length: random.integer(0, 5) }, () => makeInstance(random, name));
  return { name, instances };
}

function makeInstance(random: Random, application: string): EurekaInstance {
  const serial = random.integer(1, 999_999_999);
  const host = random.chance(0.1) ? `2001:db8::${serial % 999}` : `node-${serial % 200}.example`;
  return {
    id: `${host}:${application.toLowerCase()}:${serial}`,
    host,
    port: random.integer(1024, 65_535),
    isSecure: random.chance(0.2),
    status: random.pick(['UP', 'UP', 'UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE'] as const),
    isOnAmazon: random.chance(0.3),
    metadata: random.pick(metadataSets),
  };
}

function changeOne(
  applications: readonly EurekaApplication[],
  random: Random,
): { readonly applications: readonly EurekaApplication[]; readonly change: string } {
  const kind = applications.length === 0 ? 'register' : random.pick(['register', 'remove', 'scale']);
  if (kind === 'register') {
    const application = makeApplication(random, random.integer(1_000_000, 999_999_999));
    return { applications: [...applications, application], change: `${application.name} registered` };
  }
  const old = random.pick(applications);
  if (kind === 'remove')
    return { applications: applications.filter((each) => each !== old), change: `${old.name} removed` };
  const scaled = { ...old, instances: [...old.instances, makeInstance(random, old.name)] };
  return {
    applications: applications.map((each) => (each === old ? scaled : each)),
    change: `${old.name} scaled up`,
  };
}

function applicationsBody({ applications }: EurekaWorld): string {
  const body = applications.map(
    ({ name, instances }) =>
      `  <application>\n    <name>${escaped(name)}</name>\n${instances.map((each) => instanceBody(name, each)).join('')}  </application>\n`,
  );
  return `<applications>\n  <versions__delta>1</versions__delta>\n  <apps__hashcode>UP_1_</apps__hashcode>\n${body.join('')}</applications>\n`;
}

function instanceBody(application: string, instance: EurekaInstance): string {
  const { id, host, port, isSecure, status, isOnAmazon, metadata } = instance;
  const plain = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const items = Object.entries(metadata).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`);
  const datacenter = isOnAmazon
    ? '<dataCenterInfo class="com.netflix.appinfo.AmazonInfo"><name>Amazon</name><metadata><instance-id>i-1</instance-id><availability-zone>eu-west-1a</availability-zone></metadata></dataCenterInfo>'
    : '<dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"><name>MyOwn</name></dataCenterInfo>';
  return `    <instance>
      <instanceId>${escaped(id)}</instanceId>
      <hostName>${escaped(host)}</hostName>
      <app>${escaped(application)}</app>
      <ipAddr>10.0.0.${port % 250}</ipAddr>
      <status>${status}</status>
      <overriddenstatus>UNKNOWN</overriddenstatus>
      <port enabled="${!isSecure}">${port}</port>
      <securePort enabled="${isSecure}">443</securePort>
      <countryId>1</countryId>
      ${datacenter}
      <leaseInfo><renewalIntervalInSecs>30</renewalIntervalInSecs></leaseInfo>
      ${items.length === 0 ? '<metadata class="java.util.Collections$EmptyMap"/>' : `<metadata>${items.join('')}</metadata>`}
      <homePageUrl>${plain}/</homePageUrl>
      <statusPageUrl>${plain}/actuator/info</statusPageUrl>
      <healthCheckUrl>${plain}/actuator/health?a=1&amp;b=2</healthCheckUrl>
      <vipAddress>${escaped(application.toLowerCase())}</vipAddress>
      <secureVipAddress>${escaped(application.toLowerCase())}</secureVipAddress>
      <isCoordinatingDiscoveryServer>false</isCoordinatingDiscoveryServer>
      <actionType>ADDED</actionType>
    </instance>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
