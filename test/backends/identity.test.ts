import { beforeAll, describe, expect, test } from '@jest/globals';
import { digestIdentity } from '../../lib/backends/identity.ts';
import type { Stanza } from '../../lib/backends/mechanism.ts';
import { mechanisms } from '../../lib/backends/registry.ts';
import { parseConfig } from '../../lib/config/load.ts';
import type { StanzaReader } from '../../lib/config/muster-config.ts';
import { sdKeyOf } from '../../lib/config/prometheus-keys.ts';
import { problemsIn } from '../config/parsing.ts';

let readers: readonly StanzaReader<Stanza>[] = [];
beforeAll(async () => {
  readers = await Promise.all(mechanisms.map(({ load }) => load()));
});

function read(text: string) {
  return parseConfig<Stanza>(text, { mechanisms: readers, directory: '/', origin: 'muster.yml' });
}

/** Digest and server of the stanza, as the configuration gives them. */
function stanzaOf(mechanism: string, yaml: string): readonly [identity: string, server: string] {
  const { jobs } = read(
    `scrape_configs: [{job_name: a, muster: {publish: all}, ${sdKeyOf(mechanism)}: [${yaml}]}]`,
  );
  const stanza = jobs[0]?.providers[0]?.stanza;
  return [stanza?.identity ?? '', stanza?.server ?? ''];
}

const digestOf = (mechanism: string, yaml: string) => stanzaOf(mechanism, yaml)[0];

// A digest that changes here makes a new provider of every such stanza in the field.
const golden: readonly (readonly [
  mechanism: string,
  yaml: string,
  identity: string,
  digest: string,
  server: string,
])[] = [
  [
    'aws',
    '{role: rds}',
    '{"mechanism":"aws","role":"rds"}',
    '551972f537f84540e89e12d52093475e',
    'rds in the region of the process',
  ],
  [
    'aws',
    '{role: ec2, access_key: AKIA, secret_key_ref: ssm:/key, port: 0, filters: [{name: a, values: [c, b]}], muster: {regions: [us-east-1, eu-west-1], roles: ["arn:aws:iam::123456789012:role/b", "arn:aws:iam::123456789012:role/a"]}}',
    '{"access_key":"inline","filters":[{"name":"a","values":["b","c"]}],"mechanism":"aws","muster":{"regions":["eu-west-1","us-east-1"],"roles":["arn:aws:iam::123456789012:role/a","arn:aws:iam::123456789012:role/b"]},"port":0,"role":"ec2","secret_key_ref":"ssm:/key"}',
    '1cdff995f2695b1a4d2ee157eea5ddbe',
    'ec2 in eu-west-1,us-east-1 as arn:aws:iam::123456789012:role/a,arn:aws:iam::123456789012:role/b',
  ],
  [
    'ecs',
    '{region: eu-west-1, clusters: [b, a], request_concurrency: 2, role_arn: "arn:aws:iam::123456789012:role/r", external_id: x, endpoint: "http://localhost:4566"}',
    '{"clusters":["a","b"],"endpoint":"http://localhost:4566/","external_id":"x","mechanism":"ecs","region":"eu-west-1","role_arn":"arn:aws:iam::123456789012:role/r"}',
    '42da0919a37616ed8758167878362198',
    'http://localhost:4566 in eu-west-1 as arn:aws:iam::123456789012:role/r',
  ],
  [
    'ec2',
    '{region: eu-west-1}',
    '{"mechanism":"ec2","region":"eu-west-1"}',
    '6a564f1ff2b8d8d0c33a74b87cfed65c',
    'ec2 in eu-west-1',
  ],
  [
    'elasticache',
    '{region: eu-west-1}',
    '{"mechanism":"elasticache","region":"eu-west-1"}',
    '83e548cde2175411bf687d95600bb01d',
    'elasticache in eu-west-1',
  ],
  [
    'lightsail',
    '{region: eu-west-1}',
    '{"mechanism":"lightsail","region":"eu-west-1"}',
    'c1c8b67e3be9ea0b20df238fb6c53392',
    'lightsail in eu-west-1',
  ],
  [
    'msk',
    '{region: eu-west-1}',
    '{"mechanism":"msk","region":"eu-west-1"}',
    '2570a4a5417c90096412d2ccf477d280',
    'msk in eu-west-1',
  ],
  [
    'rds',
    '{region: eu-west-1}',
    '{"mechanism":"rds","region":"eu-west-1"}',
    '31377a00054284bed04c043bd1724c30',
    'rds in eu-west-1',
  ],
  ['consul', '{}', '{"mechanism":"consul"}', '825b0e4b1ca8871d391f00076f4eba46', 'http://localhost:8500'],
  [
    'consul',
    "{server: 'consul.example:8500', datacenter: eu, services: [web, api], tags: [prod], node_meta: {rack: 07}, filter: 'Service != x', token_file: /etc/token}",
    '{"datacenter":"eu","filter":"Service != x","mechanism":"consul","node_meta":{"rack":"07"},"server":"consul.example:8500","services":["api","web"],"tags":["prod"],"token_file":"/etc/token"}',
    '702bf46294020fbdc6f5621e94d7eeec',
    'http://consul.example:8500',
  ],
  [
    'consul',
    "{server: 'h:1', namespace: team, partition: p, health_filter: f, path_prefix: /c, scheme: https, basic_auth: {username: u, password: p}, proxy_url: 'http://me:pw@proxy:3128'}",
    '{"basic_auth":{"password":"inline","username":"u"},"health_filter":"f","mechanism":"consul","namespace":"team","partition":"p","path_prefix":"/c","proxy_url":"http://me:inline@proxy:3128/","scheme":"https","server":"h:1"}',
    '298c6ec0e9edd5c0bef4917f02d07eb6',
    'https://h:1/c',
  ],
  [
    'dns',
    '{names: [b.example, a.example]}',
    '{"mechanism":"dns","names":["a.example","b.example"]}',
    '80a84f3bd0a60aef51ddd534e23c26fa',
    '/etc/resolv.conf',
  ],
  [
    'dns',
    '{names: [a.example], type: A, port: 9100, nameservers: [10.0.0.2]}',
    '{"mechanism":"dns","names":["a.example"],"nameservers":["10.0.0.2"],"port":9100,"type":"A"}',
    '752a7683fcda018c25f46b45a13bc230',
    '10.0.0.2:53',
  ],
  [
    'docker',
    "{host: 'unix:///var/run/docker.sock'}",
    '{"host":"unix:///var/run/docker.sock","mechanism":"docker"}',
    'd226f80f499e07f3741ddcc1177a161e',
    'unix:///var/run/docker.sock',
  ],
  [
    'docker',
    "{host: 'http://engine:2375/', port: 9100, host_networking_host: node, match_first_network: false, filters: [{name: label, values: [b, a]}]}",
    '{"filters":[{"name":"label","values":["a","b"]}],"host":"http://engine:2375/","host_networking_host":"node","match_first_network":false,"mechanism":"docker","port":9100}',
    '32926ddb10eeffd4583ef7fd43d2672f',
    'http://engine:2375',
  ],
  [
    'dockerswarm',
    "{host: 'tcp://manager:2375', role: tasks}",
    '{"host":"tcp://manager:2375","mechanism":"dockerswarm","role":"tasks"}',
    '5d1ccc60734c1534735e24a050a2e06d',
    'http://manager:2375',
  ],
  [
    'eureka',
    "{server: 'https://eureka.example:8761/eureka/', basic_auth: {username: u, password: p}}",
    '{"basic_auth":{"password":"inline","username":"u"},"mechanism":"eureka","server":"https://eureka.example:8761/eureka"}',
    '624b1a9d811801e5022c81d30a6b0234',
    'https://eureka.example:8761/eureka',
  ],
  [
    'http',
    "{url: 'http://inventory.example:80/targets?team=a'}",
    '{"mechanism":"http","url":"http://inventory.example:80/targets?team=a"}',
    'f572e5fb4a1c1c07a1a6b8c3e49f2cb1',
    'http://inventory.example',
  ],
  [
    'kubernetes',
    '{role: pod}',
    '{"mechanism":"kubernetes","role":"pod"}',
    '061c29d4e92fe2163dd3b604b1a7655d',
    'in-cluster',
  ],
  [
    'file',
    '{files: [b/*.yml, a.json], refresh_interval: 1h}',
    '{"files":["a.json","b/*.yml"],"mechanism":"file"}',
    '8d8317a2cdca8fcaf93665c4b2675915',
    'a.json,b/*.yml',
  ],
  [
    'static',
    "{targets: ['b:1', 'a:1'], labels: {team: x}}",
    '{"labels":{"team":"x"},"mechanism":"static","targets":["a:1","b:1"]}',
    '81d2a22a054e069dd8cbb941e521f89a',
    'the configuration',
  ],
  [
    'kubernetes',
    "{role: endpoints, api_server: 'https://k8s.example', namespaces: {names: [b, a]}, selectors: [{role: endpoints, label: app=web}], authorization: {credentials_ref: 'ssm:/k8s/token'}}",
    '{"api_server":"https://k8s.example/","authorization":{"credentials_ref":"ssm:/k8s/token"},"mechanism":"kubernetes","namespaces":{"names":["a","b"]},"role":"endpoints","selectors":[{"label":"app=web","role":"endpoints"}]}',
    '85241063ea89f0745b01fa72eb0d3303',
    'https://k8s.example',
  ],
  [
    'kubernetes',
    '{role: node, kubeconfig_file: /etc/kubeconfig}',
    '{"kubeconfig_file":"/etc/kubeconfig","mechanism":"kubernetes","role":"node"}',
    '8e2457c0130cef5f03e9e66ad7cb87b7',
    'kubeconfig /etc/kubeconfig',
  ],
  [
    'kubernetes',
    "{role: service, muster: {eks: {cluster: prod, region: eu-west-1, role_arn: 'arn:aws:iam::123456789012:role/muster'}}}",
    '{"mechanism":"kubernetes","muster":{"eks":{"cluster":"prod","region":"eu-west-1","role_arn":"arn:aws:iam::123456789012:role/muster"}},"role":"service"}',
    '561f868f3805246e4384a8d2ad70bb62',
    'eks eu-west-1/prod',
  ],
  [
    'marathon',
    "{servers: ['https://b.example', 'https://a.example/']}",
    '{"mechanism":"marathon","servers":["https://a.example","https://b.example"]}',
    '3dd6bc9773e5013fe679ff0d40dd9b1a',
    'https://a.example,https://b.example',
  ],
  [
    'marathon',
    "{servers: ['https://a.example'], auth_token: secret}",
    '{"auth_token":"inline","mechanism":"marathon","servers":["https://a.example"]}',
    '2b7ce5e8bbb466e79d32c4e1fd05e9b3',
    'https://a.example',
  ],
  [
    'nerve',
    "{servers: ['zk1:2181', zk0], paths: [/nerve/b, /nerve/a]}",
    '{"mechanism":"nerve","paths":["/nerve/a","/nerve/b"],"servers":["zk0","zk1:2181"]}',
    'ddc8ba29f7e75a21d70be89e74a9f56d',
    'zk0:2181,zk1:2181',
  ],
  ['nomad', '{}', '{"mechanism":"nomad"}', 'a020a20e878a1e0ea3f6bcac773ae090', 'http://localhost:4646'],
  [
    'nomad',
    "{server: 'https://nomad.example:4646/', region: eu, namespace: '*', allow_stale: false, tag_separator: ;, authorization: {credentials_ref: 'ssm:/nomad'}}",
    '{"authorization":{"credentials_ref":"ssm:/nomad"},"mechanism":"nomad","namespace":"*","region":"eu","server":"https://nomad.example:4646"}',
    '60f654c74c992cdce867b3f1848c3e06',
    'https://nomad.example:4646',
  ],
  [
    'serverset',
    '{servers: [zk0], paths: [/discovery]}',
    '{"mechanism":"serverset","paths":["/discovery"],"servers":["zk0"]}',
    'f1879e68de6247df9bac16fdeb8dcd6b',
    'zk0:2181',
  ],
  [
    'swarm',
    "{masters: ['http://m1:2375', 'http://m0:2375'], metrics_port: 9100}",
    '{"masters":["http://m0:2375","http://m1:2375"],"mechanism":"swarm","metrics_port":9100}',
    'a4aa95b547b96e1882bea3b8dd43ba92',
    'http://m0:2375,http://m1:2375',
  ],
];

test.each(golden)('%s %s', (mechanism, yaml, identity, digest, server) => {
  // The digest says that the stanza's identity is just this text.
  expect(digestIdentity(JSON.parse(identity))).toBe(digest);
  expect(stanzaOf(mechanism, yaml)).toEqual([digest, server]);
});

test('every mechanism has a row above', () => {
  const names = new Set(golden.map(([name]) => name));
  expect(mechanisms.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([]);
});

describe('a provider stays the same', () => {
  test.each([
    ['consul', '{server: a, tags: [x, y]}', '{tags: [y, x], server: a}', 'the order of keys and lists'],
    [
      'consul',
      '{}',
      '{server: localhost:8500, scheme: http, tags: [], filter: "", datacenter: }',
      'defaults written out',
    ],
    [
      'consul',
      '{}',
      '{refresh_interval: 5s, allow_stale: false, tag_separator: ";"}',
      'how often and how is asked',
    ],
    ['consul', '{}', '{tls_config: {ca_file: a, insecure_skip_verify: true}}', 'TLS'],
    ['consul', '{}', '{follow_redirects: false, enable_http2: false}', 'HTTP'],
    ['consul', '{token: old}', '{token: new}', 'a token'],
    ['consul', '{username: a, password: old}', '{username: a, password: new}', 'a password'],
    ['consul', '{}', '{muster: {name: consul-eu}}', 'a name'],
    [
      'consul',
      "{oauth2: {client_id: a, client_secret: old, token_url: 'http://t'}}",
      "{oauth2: {client_id: a, client_secret: new, token_url: 'http://t', grant_type: client_credentials, tls_config: {ca_file: a}}}",
      'the secret, the TLS and the defaults of a client',
    ],
    [
      'consul',
      '{http_headers: {X-Team: {values: [old]}}}',
      '{http_headers: {X-Team: {values: [new]}}}',
      'a header, which may be a secret',
    ],
    ['consul', "{proxy_url: 'http://u:old@p:1'}", "{proxy_url: 'http://u:new@p:1'}", "a proxy's password"],
    ['dns', '{names: [a]}', '{names: [a, a], type: srv, refresh_interval: 1m}', 'doubles and spelling'],
    ['kubernetes', '{role: pod}', '{role: pod, muster: {page_size: 9, compression: true}}', 'pages'],
    ['kubernetes', '{role: pod}', '{role: pod, attach_metadata: {node: true}}', 'labels beside the targets'],
    ['serverset', '{servers: [a], paths: [/a]}', '{servers: [a], paths: [/a], timeout: 1s}', 'a deadline'],
  ])('%s: %s, %s: %s', (mechanism, before, after) => {
    expect(digestOf(mechanism, after)).toBe(digestOf(mechanism, before));
  });
});

describe('another value of a key that selects the listing makes another provider', () => {
  const eks = (keys: string) => `{role: pod, muster: {eks: {cluster: a, region: eu-west-1${keys}}}}`;
  test.each([
    [
      'consul',
      '{}',
      [
        '{server: a}',
        '{scheme: https}',
        '{path_prefix: /a}',
        '{datacenter: a}',
        '{namespace: a}',
        '{partition: a}',
        '{services: [a]}',
        '{services: [b]}',
        '{tags: [a]}',
        '{node_meta: {a: b}}',
        '{node_meta: {a: c}}',
        '{filter: a}',
        '{health_filter: a}',
        '{token: a}',
        '{token_file: a}',
        '{token_file: b}',
        "{token_ref: 'ssm:/a'}",
        "{token_ref: 'ssm:/b'}",
        '{username: a}',
        '{username: b}',
        '{basic_auth: {username: a}}',
        '{authorization: {credentials_file: a}}',
        '{authorization: {type: Token, credentials_file: a}}',
        '{bearer_token_file: a}',
        "{oauth2: {client_id: a, token_url: 'http://t'}}",
        "{oauth2: {client_id: b, token_url: 'http://t'}}",
        "{oauth2: {client_id: a, token_url: 'http://t', scopes: [x]}}",
        "{oauth2: {client_id: a, token_url: 'http://t', claims: {sub: x}}}",
        "{proxy_url: 'http://a:1'}",
        "{proxy_url: 'http://b:1'}",
        '{proxy_from_environment: true}',
        '{http_headers: {X-Scope: {files: [a]}}}',
        '{http_headers: {X-Scope: {refs: ["env:A"]}}}',
      ],
    ],
    [
      'dns',
      '{names: [a]}',
      [
        '{names: [b]}',
        '{names: [a, b]}',
        '{names: [a], type: A, port: 1}',
        '{names: [a], type: A, port: 2}',
        '{names: [a], nameservers: [10.0.0.1]}',
      ],
    ],
    [
      'docker',
      "{host: 'tcp://a:1'}",
      [
        "{host: 'tcp://b:1'}",
        "{host: 'unix:///a'}",
        "{host: 'tcp://a:1', port: 1}",
        "{host: 'tcp://a:1', filters: [{name: a, values: [b]}]}",
        "{host: 'tcp://a:1', filters: [{name: a, values: [c]}]}",
        "{host: 'tcp://a:1', match_first_network: false}",
        "{host: 'tcp://a:1', host_networking_host: a}",
      ],
    ],
    [
      'dockerswarm',
      "{host: 'tcp://a:1', role: nodes}",
      ["{host: 'tcp://a:1', role: tasks}", "{host: 'tcp://a:1', role: services}"],
    ],
    [
      'kubernetes',
      '{role: pod}',
      [
        '{role: node}',
        '{role: pod, namespaces: {names: [a]}}',
        '{role: pod, namespaces: {own_namespace: true}}',
        "{role: pod, api_server: 'https://a'}",
        '{role: pod, kubeconfig_file: a}',
        '{role: pod, selectors: [{role: pod, label: a}]}',
        '{role: pod, selectors: [{role: pod, field: metadata.name=a}]}',
        eks(''),
        eks(", role_arn: 'arn:aws:iam::123456789012:role/a'"),
        eks(", role_arn: 'arn:aws:iam::123456789012:role/b'"),
      ],
    ],
    [
      'marathon',
      "{servers: ['http://a']}",
      [
        "{servers: ['http://b']}",
        "{servers: ['http://a'], auth_token: a}",
        "{servers: ['http://a'], auth_token_file: a}",
      ],
    ],
    [
      'serverset',
      '{servers: [a], paths: [/a]}',
      ['{servers: [b], paths: [/a]}', '{servers: [a], paths: [/b]}'],
    ],
    [
      'swarm',
      "{masters: ['http://a']}",
      ["{masters: ['http://b']}", "{masters: ['http://a'], metrics_port: 1}"],
    ],
  ])('%s', (mechanism, base, others) => {
    const all = [base, ...others];
    const digests = new Map(all.map((yaml) => [digestOf(mechanism, yaml), yaml]));
    expect([...digests.values()]).toEqual(all);
  });

  test('and nerve is not serverset', () => {
    const zookeeper = '{servers: [a], paths: [/a]}';
    expect(digestOf('nerve', zookeeper)).not.toBe(digestOf('serverset', zookeeper));
  });
});

describe('names', () => {
  const job = (consuls: string) => `scrape_configs: [{job_name: a, consul_sd_configs: [${consuls}]}]`;
  const namesOf = (consuls: string) =>
    read(job(consuls)).jobs[0]?.providers.map(({ name, named }) => [name, named]);
  const problemsOf = (consuls: string) => problemsIn(job(consuls), read);
  const path = 'scrape_configs[0].consul_sd_configs[1]';

  test('are given by the configuration, and else by place', () => {
    expect(namesOf('{server: a}, {server: b, muster: {name: consul-eu}}, {server: c}')).toEqual([
      ['consul-0', false],
      ['consul-eu', true],
      ['consul-2', false],
    ]);
  });

  test("that are given to one are no other's", () => {
    expect(
      namesOf(
        '{server: a}, {server: b, muster: {name: consul-0}}, {server: c, muster: {name: consul-3}}, {server: d}',
      ),
    ).toEqual([
      ['consul-4', false],
      ['consul-0', true],
      ['consul-3', true],
      ['consul-7', false],
    ]);
  });

  test('are refused twice in one job, but not in two', () => {
    const named = (server: string) => `{server: ${server}, muster: {name: consul-eu}}`;
    expect(problemsOf(`${named('a')}, ${named('b')}`)).toEqual([
      `1:113 ${path}.muster.name: must be unique, [0] has the same`,
    ]);
    const jobs = ['a', 'b'].map((name) => `{job_name: ${name}, consul_sd_configs: [${named('a')}]}`);
    expect(problemsIn(`scrape_configs: [${jobs}]`, read)).toEqual([]);
  });

  test.each(['eu', 'dns-eu', 'consul-', 'consul-EU', 'consul-a_b', 'consul-a/b', `consul-${'a'.repeat(61)}`])(
    '%s is none for Consul',
    (name) => {
      expect(problemsOf(`{muster: {name: ${name}}}`)).toEqual([
        '1:62 scrape_configs[0].consul_sd_configs[0].muster.name: must be consul- followed by lower-case letters, digits and -, as in consul-eu',
      ]);
    },
  );

  const twinsOf = (consuls: string) =>
    read(job(consuls)).jobs[0]?.providers.map(({ name, copies, twin }) => [name, copies, twin]);

  test('tell apart what only differs in inline credentials; else its order does', () => {
    expect(twinsOf('{token: a, muster: {name: consul-a}}, {token: b, muster: {name: consul-b}}')).toEqual([
      ['consul-a', undefined, undefined],
      ['consul-b', undefined, undefined],
    ]);
    expect(twinsOf('{token: a}, {token: b}, {token: c, muster: {name: consul-c}}')).toEqual([
      ['consul-0', undefined, 2],
      ['consul-1', undefined, 3],
      ['consul-c', undefined, undefined],
    ]);
    expect(twinsOf('{server: a}, {server: a, refresh_interval: 5s}, {server: b}')).toEqual([
      ['consul-0', undefined, undefined],
      ['consul-1', undefined, 2],
      ['consul-2', undefined, undefined],
    ]);
    expect(twinsOf('{token_file: a}, {token_file: b}')).toEqual([
      ['consul-0', undefined, undefined],
      ['consul-1', undefined, undefined],
    ]);
  });

  test('are one for SD configs that say the very same, as in Prometheus', () => {
    expect(
      twinsOf('{server: a, token: t}, {token: t, server: "a"}, {server: b}, {server: a, token: u}'),
    ).toEqual([
      ['consul-0', 2, undefined],
      ['consul-2', undefined, undefined],
      ['consul-3', undefined, 2],
    ]);
  });

  test('stand beside the other problems of the stanza', () => {
    expect(problemsOf('{}, {servr: a}')).toEqual([`1:57 ${path}.servr: unknown key, did you mean "server"?`]);
    expect(problemsOf('{}, text')).toEqual([`1:56 ${path}: must be a mapping`]);
  });
});
