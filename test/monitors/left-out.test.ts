import { describe, expect, test } from '@jest/globals';
import type { Lookup } from '../../lib/monitors/checks.ts';
import type { MonitorKind } from '../../lib/monitors/resources.ts';
import { readSettings, type Translation } from '../../lib/monitors/settings.ts';
import { jobName, readMonitor, translate } from '../../lib/monitors/translate.ts';
import { encodeJob } from '../../lib/targets/keys.ts';
import { createAuthority } from '../support/certificates.ts';

const outside = { kubeconfig_file: '/k' };

function translated(
  kind: MonitorKind,
  spec: object,
  settings: object = {},
  more: Partial<Translation> = {},
  lookup: Lookup = () => ({ text: '' }),
) {
  const translation: Translation = {
    settings: readSettings(settings),
    connection: outside,
    secretsFolder: '/secrets',
    files: new Map(),
    addresses: new Map(),
    oneListing: false,
    ...more,
  };
  return translate([readMonitor({ kind, namespace: 'shop', name: 'front' }, spec)], translation, lookup);
}

/** Why a Monitor was left out. */
function reasons(...given: Parameters<typeof translated>): readonly string[] {
  return translated(...given).leftOut.map(({ reason }) => reason);
}

const endpoint = (more: object) => ({ selector: {}, endpoints: [{ port: 'http', ...more }] });
const prober = { url: 'blackbox.example.org' };
const targets = { staticConfig: { static: ['a'] } };
const secret = { name: 's', key: 'k' };

describe('a Monitor that the operator refuses is left out, with the reason', () => {
  test.each([
    [
      'a rule without a target',
      { relabelings: [{}, { sourceLabels: ['a'] }] },
      {},
      'relabelings[0].target_label: action replace needs target_label',
    ],
    [
      'a regular expression that is none',
      { metricRelabelings: [{ regex: '(', action: 'drop' }] },
      {},
      'metricRelabelings[0].regex: is not a regular expression of RE2: missing closing )',
    ],
    [
      'an action that is none',
      { relabelings: [{ action: 'shout', targetLabel: 'a' }] },
      {},
      'relabelings[0].action: must be replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase or uppercase',
    ],
    [
      'an action of a later version',
      { relabelings: [{ action: 'lowercase', sourceLabels: ['a'], targetLabel: 'b' }] },
      { version: '2.35.0' },
      'relabelings[0]: action lowercase needs Prometheus 2.36.0',
    ],
    [
      'a name that Prometheus 2 does not take',
      { relabelings: [{ targetLabel: 'a-b', replacement: 'x' }] },
      { version: '2.55.0' },
      'relabelings[0]: "a-b" is not the name of a label before Prometheus 3',
    ],
    [
      'a timeout beyond the interval',
      { interval: '10s', scrapeTimeout: '11s' },
      {},
      'scrapeTimeout 11s is longer than the interval',
    ],
    [
      'a timeout beyond the interval of the Prometheus',
      { scrapeTimeout: '11s' },
      { scrapeInterval: '10s' },
      'scrapeTimeout 11s is longer than the interval',
    ],
    ['a duration that is none', { interval: '10' }, {}, 'interval: "10" is not a duration'],
    [
      'two ways to authenticate',
      { authorization: { credentials: secret }, oauth2: { tokenUrl: 'x' } },
      {},
      'authorization and oauth2 cannot go together',
    ],
    [
      'authorization as basic',
      { authorization: { type: 'Basic', credentials: secret } },
      {},
      'authorization: type basic belongs to basicAuth',
    ],
    ['OAuth 2 without a URL', { oauth2: {} }, {}, 'oauth2: tokenUrl is missing'],
    [
      'a certificate without a key',
      { tlsConfig: { certFile: '/c' } },
      {},
      'tlsConfig: a client certificate without its key',
    ],
    [
      'an authority twice',
      { tlsConfig: { ca: { secret }, caFile: '/c' } },
      {},
      'tlsConfig: ca and caFile cannot go together',
    ],
    [
      'versions of TLS in the wrong order',
      { tlsConfig: { minVersion: 'TLS13', maxVersion: 'TLS12' } },
      {},
      'tlsConfig: maxVersion is older than minVersion',
    ],
    [
      'a proxy twice',
      { proxyUrl: 'http://p', proxyFromEnvironment: true },
      {},
      'proxyFromEnvironment and proxyUrl cannot go together',
    ],
    [
      'files, where they are denied',
      { bearerTokenFile: '/t' },
      { arbitraryFSAccessThroughSMs: { deny: true } },
      'it names a file, which arbitraryFSAccessThroughSMs denies',
    ],
  ])('%s', (_, more, settings, reason) => {
    expect(reasons('ServiceMonitor', endpoint(more), settings)).toEqual([`endpoints[0]: ${reason}`]);
  });

  test('an unknown scrape class', () => {
    expect(reasons('ServiceMonitor', { ...endpoint({}), scrapeClass: 'x' })).toEqual([
      'scrapeClass: there is no "x" in the settings',
    ]);
  });

  test.each([
    [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }, 'selector: operator "Like" is not known'],
    [{ matchExpressions: [{ key: 'a', operator: 'In' }] }, 'selector: operator In needs values'],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
      'selector: operator Exists takes no values',
    ],
    [{ matchLabels: { a: 'x y' } }, 'selector: "x y" is not the value of a label'],
  ])('the selector %j', (selector, reason) => {
    expect(reasons('PodMonitor', { selector, podMetricsEndpoints: [] })).toEqual([reason]);
  });

  test.each([
    [{ prober, targets: {} }, 'targets: one of staticConfig and ingress is needed'],
    [
      { prober: { url: 'http://blackbox' }, targets },
      'prober.url: "http://blackbox" must be a host, or a host and a port',
    ],
    [{ prober: { url: 'b:0' }, targets }, 'prober.url: "b:0" must be a host, or a host and a port'],
  ])('the Probe %j', (spec, reason) => {
    expect(reasons('Probe', spec)).toEqual([reason]);
  });

  test.each([
    [{ ec2SDConfigs: [{}] }, 'ec2SDConfigs are not translated: write the job by hand'],
    [
      { consulSDConfigs: [{ server: 'c.example.org', tokenRef: secret }] },
      'consulSDConfigs: tokenRef is a secret that Prometheus reads from no file: give it as authorization',
    ],
    [
      { kubernetesSDConfigs: [{ role: 'Pod', namespaces: { ownNamespace: true } }] },
      "kubernetesSDConfigs: ownNamespace is that of the cluster's own Prometheus, which is not this one",
    ],
    [
      { httpSDConfigs: [{ url: 'http://me:hush@sd.example.org' }] },
      'httpSDConfigs.url has credentials in it, which are not printed',
    ],
    [
      { httpSDConfigs: [{ url: 'http://x', basicAuth: {}, authorization: { credentials: secret } }] },
      'httpSDConfigs[0]: authorization and basicAuth cannot go together',
    ],
    [
      { staticConfigs: [{ targets: ['db:9100'] }] },
      'staticConfigs.targets: db:9100 is an address that only DNS inside the cluster knows: give its local name with --address db:9100=HOST:PORT',
    ],
  ])('the ScrapeConfig %j', (spec, reason) => {
    expect(reasons('ScrapeConfig', spec)).toEqual([reason]);
  });

  test('a field of the wrong form', () => {
    expect(() => readMonitor({ kind: 'Probe', namespace: 'shop', name: 'front' }, { interval: 5 })).toThrow(
      /^interval: /,
    );
  });
});

describe('what one of its jobs would read is looked at', () => {
  const ca = { tlsConfig: { ca: { secret } } };

  test('a Secret that is missing', () => {
    const bearer = endpoint({ bearerTokenSecret: secret });
    expect(reasons('ServiceMonitor', bearer, {}, {}, () => 'missing')).toEqual([
      'endpoints[0]: key "k" of Secret shop/s is missing',
    ]);
  });

  test('one that may not be read counts as there', () => {
    const bearer = endpoint({ bearerTokenSecret: secret });
    expect(translated('ServiceMonitor', bearer, {}, {}, () => 'unknown').files).toEqual([
      { kind: 'Secret', namespace: 'shop', name: 's', key: 'k', path: '/secrets/secret/shop/s/k' },
    ]);
  });

  test('a certificate that is none', () => {
    expect(reasons('ServiceMonitor', endpoint(ca), {}, {}, () => ({ text: 'hush' }))).toEqual([
      'endpoints[0]: tlsConfig.ca: is not a certificate in PEM',
    ]);
  });

  test('a key of another certificate', () => {
    const authority = createAuthority();
    const one = authority.issue({ names: ['one'] });
    const other = authority.issue({ names: ['other'] });
    const tlsConfig = { cert: { secret: { name: 's', key: 'cert' } }, keySecret: { name: 's', key: 'key' } };
    const read =
      (key: string): Lookup =>
      (reference) => ({ text: reference.key === 'cert' ? one.cert : key });
    expect([
      reasons('ServiceMonitor', endpoint({ tlsConfig }), {}, {}, read(one.key)),
      reasons('ServiceMonitor', endpoint({ tlsConfig }), {}, {}, read(other.key)),
    ]).toEqual([[], ['endpoints[0]: tlsConfig: the key does not belong to the certificate']]);
  });

  test('no text of a Secret is in a job: an OAuth client whose name is in one is left out', () => {
    const oauth2 = { tokenUrl: 'http://x', clientId: { secret }, clientSecret: secret };
    expect(reasons('ServiceMonitor', endpoint({ oauth2 }))).toEqual([
      'endpoints[0]: oauth2.clientId is in Secret s, and Prometheus reads client_id from no file: put it into a ConfigMap',
    ]);
  });

  test('nor is the password of a proxy, or its headers', () => {
    expect([
      reasons('ServiceMonitor', endpoint({ proxyUrl: 'http://me:hush@proxy' })),
      reasons('ServiceMonitor', endpoint({ proxyUrl: 'http://p', proxyConnectHeader: { A: [secret] } })),
    ]).toEqual([
      ['endpoints[0]: proxyUrl has a password in it, which is not printed'],
      ['endpoints[0]: proxyConnectHeader is a secret that Prometheus reads from no file'],
    ]);
  });

  test('credentials of the Monitor beside others of its scrape class', () => {
    const settings = {
      scrapeClasses: [{ name: 'c', default: true, authorization: { credentialsFile: '/t' } }],
    };
    const basicAuth = { username: secret, password: secret };
    const files = new Map([['/t', '/t']]);
    expect(reasons('ServiceMonitor', endpoint({ basicAuth }), settings, { files })).toEqual([
      'endpoints[0]: Prometheus takes one of authorization and basic_auth: one comes from the Monitor, another from its scrape class',
    ]);
  });
});

describe('what exists inside the cluster alone', () => {
  const token = endpoint({ bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' });

  test('a file is left out, unless it is said where it is', () => {
    const files = new Map([
      ['/var', '/elsewhere'],
      ['/var/run/secrets/kubernetes.io/serviceaccount/', '/etc/prod'],
    ]);
    const job = translated('ServiceMonitor', token, {}, { files }).jobs[0];
    expect([reasons('ServiceMonitor', token), job?.bearer_token_file]).toEqual([
      [
        "endpoints[0]: bearerTokenFile is /var/run/secrets/kubernetes.io/serviceaccount/token, which exists only in the cluster's own Prometheus: give its local path with --file /var/run/secrets/kubernetes.io/serviceaccount/token=PATH",
      ],
      '/etc/prod/token',
    ]);
  });

  test('inside the cluster it stays as it is', () => {
    const [job] = translated('ServiceMonitor', token, {}, { connection: {} }).jobs;
    expect(job?.bearer_token_file).toBe('/var/run/secrets/kubernetes.io/serviceaccount/token');
  });

  test.each(['blackbox:9115', 'blackbox.monitoring.svc', 'b.m.svc:80', 'b.m.svc.cluster.local:80'])(
    'the prober %s is left out, unless it is said what it is called from here',
    (url) => {
      const spec = { prober: { url }, targets };
      const addresses = new Map([[url, 'blackbox.example.org:80']]);
      const [job] = translated('Probe', spec, {}, { addresses }).jobs;
      expect([reasons('Probe', spec), job?.relabel_configs[3]]).toEqual([
        [
          `prober.url: ${url} is an address that only DNS inside the cluster knows: give its local name with --address ${url}=HOST:PORT`,
        ],
        { target_label: '__address__', replacement: 'blackbox.example.org:80' },
      ]);
    },
  );

  test('so is an address that a rule makes up, but not one of discovered labels', () => {
    const address = (replacement: string) =>
      endpoint({ relabelings: [{ targetLabel: '__address__', replacement }] });
    expect(
      ['kubernetes.default.svc:443', '${1}.svc:80', '192.0.2.1:80', 'localhost:9090'].map(
        (text) => reasons('ServiceMonitor', address(text)).length,
      ),
    ).toEqual([1, 0, 0, 0]);
  });
});

describe('the name of a job', () => {
  test.each([
    ['serviceMonitor/shop/front/0', undefined, 'serviceMonitor/shop/front/0'],
    ['serviceMonitor/shop/front/0', 'eu', 'eu/serviceMonitor/shop/front/0'],
  ])('%s in cluster %s is %s', (name, cluster, expected) => {
    expect(jobName(name, cluster)).toBe(expected);
  });

  test('one that is too long for a key of the bucket is cut, and stays apart from others', () => {
    const long = (end: string) => `serviceMonitor/${'n'.repeat(63)}/${'ü'.repeat(100)}${end}/0`;
    const names = [jobName(long('a'), 'eu'), jobName(long('b'), 'eu'), jobName(long('a'), 'us')];
    expect([new Set(names).size, names.map((name) => encodeJob(name).length <= 200)]).toEqual([
      3,
      [true, true, true],
    ]);
  });

  test('two Monitors of one name: the second is left out', () => {
    const monitor = readMonitor({ kind: 'Probe', namespace: 'shop', name: 'front' }, { prober, targets });
    const translation: Translation = {
      settings: readSettings({}),
      connection: outside,
      secretsFolder: '/secrets',
      files: new Map(),
      addresses: new Map(),
      oneListing: false,
    };
    const { jobs, leftOut } = translate([monitor, monitor], translation, () => 'missing');
    expect([jobs.length, leftOut.map(({ reason }) => reason)]).toEqual([
      1,
      ['another job has the name probe/shop/front: give another --cluster'],
    ]);
  });
});

describe('settings', () => {
  test.each([
    [
      { enforcedSamplelimit: 1 },
      'there is no setting "enforcedSamplelimit": did you mean "enforcedSampleLimit"?',
    ],
    [{ version: '4.0' }, 'version: must be that of a Prometheus 2 or 3, as in 3.5.0'],
    [
      {
        scrapeClasses: [
          { name: 'a', default: true },
          { name: 'b', default: true },
        ],
      },
      'scrapeClasses: 2 of them are the default, but only one can be',
    ],
  ])('%j are refused', (over, message) => {
    expect(() => readSettings({}, new Map(Object.entries(over)))).toThrow(message);
  });

  test('keys of a Prometheus that do not concern its Monitors are left alone', () => {
    expect(readSettings({ replicas: 2, enforcedSampleLimit: 3 }).enforcedSampleLimit).toBe(3);
  });
});
