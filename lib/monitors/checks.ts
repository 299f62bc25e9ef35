import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { MusterError, toMusterError } from '../base/errors.ts';
import { parseDuration } from '../config/fields.ts';
import { formatKeyPath, problemsOf } from '../config/problem.ts';
import { relabelConfigs } from '../config/relabel.ts';
import { isLegacyLabelName } from '../targets/group.ts';
import { either, type Reference, referencesOf, secrets } from './http.ts';
import type {
  Http,
  MonitorName,
  PodMonitorSpec,
  ProbeSpec,
  PrometheusSpec,
  ProxyKeys,
  Relabeling,
  ScrapeConfigSpec,
  ServiceMonitorSpec,
  Tls,
} from './resources.ts';
import { ruleOf, selectorText } from './rules.ts';
import { isSince } from './settings.ts';

/** A Monitor with its decoded spec. */
export type Monitor = MonitorName &
  (
    | { readonly kind: 'ServiceMonitor'; readonly spec: ServiceMonitorSpec }
    | { readonly kind: 'PodMonitor'; readonly spec: PodMonitorSpec }
    | { readonly kind: 'Probe'; readonly spec: ProbeSpec }
    | { readonly kind: 'ScrapeConfig'; readonly spec: ScrapeConfigSpec }
  );

/**
 * Looks up a key of a Secret or ConfigMap: its text, `missing`, or `unknown` where it may not be read. The text of a
 * Secret is checked, but never printed.
 */
export type Lookup = (reference: Reference) => { readonly text: string } | 'missing' | 'unknown';

/** Checks what the operator checks. Throws `config` with the first fault. */
export function checkMonitor(monitor: Monitor, settings: PrometheusSpec, lookup: Lookup): void {
  const { spec, namespace } = monitor;
  if (spec.scrapeClass && !settings.scrapeClasses.some(({ name }) => name === spec.scrapeClass))
    throw new MusterError(
      'config',
      `scrapeClass: there is no ${JSON.stringify(spec.scrapeClass)} in the settings`,
    );
  const lookAt = (http: Http) => {
    for (const reference of referencesOf(namespace, http))
      if (lookup(reference) === 'missing') throw new MusterError('config', `${whatIs(reference)} is missing`);
    checkCertificates(namespace, http.tlsConfig, (reference) => {
      const found = lookup(reference);
      return typeof found === 'object' ? found.text : undefined;
    });
  };
  if (monitor.kind === 'Probe') {
    const { prober, targets, metricRelabelings } = monitor.spec;
    checkHttp(monitor.spec, prober);
    lookAt(monitor.spec);
    checkTimes(settings, monitor.spec);
    checkRules(settings, metricRelabelings, 'metricRelabelings');
    checkProber(prober.url);
    checkLabels(settings, targets.staticConfig?.labels ?? new Map(), 'targets.staticConfig.labels');
    checkRules(
      settings,
      targets.staticConfig?.relabelingConfigs ?? [],
      'targets.staticConfig.relabelingConfigs',
    );
    checkRules(settings, targets.ingress?.relabelingConfigs ?? [], 'targets.ingress.relabelingConfigs');
    if (targets.ingress !== undefined) selectorText(targets.ingress.selector, 'targets.ingress.selector');
    return;
  }
  if (monitor.kind === 'ScrapeConfig') {
    checkScrapeConfig(monitor.spec, settings, lookAt);
    return;
  }
  selectorText(monitor.spec.selector, 'selector');
  const isService = monitor.kind === 'ServiceMonitor';
  const endpoints = isService ? monitor.spec.endpoints : monitor.spec.podMetricsEndpoints;
  for (const [index, endpoint] of endpoints.entries())
    within(`${isService ? 'endpoints' : 'podMetricsEndpoints'}[${index}]`, () => {
      if (isService && settings.arbitraryFSAccessThroughSMs.deny === true) refuseFiles(endpoint);
      checkHttp(endpoint, endpoint);
      lookAt(endpoint);
      checkTimes(settings, endpoint);
      checkRules(settings, endpoint.relabelings, 'relabelings');
      checkRules(settings, endpoint.metricRelabelings, 'metricRelabelings');
    });
}

function checkScrapeConfig(
  spec: ScrapeConfigSpec,
  settings: PrometheusSpec,
  lookAt: (http: Http) => void,
): void {
  checkHttp(spec, spec);
  lookAt(spec);
  checkTimes(settings, { interval: spec.scrapeInterval, scrapeTimeout: spec.scrapeTimeout });
  checkRules(settings, spec.relabelings, 'relabelings');
  checkRules(settings, spec.metricRelabelings, 'metricRelabelings');
  for (const { labels } of spec.staticConfigs) checkLabels(settings, labels, 'staticConfigs.labels');
  const clients = {
    httpSDConfigs: spec.httpSDConfigs,
    kubernetesSDConfigs: spec.kubernetesSDConfigs,
    consulSDConfigs: spec.consulSDConfigs,
  };
  for (const [name, configs] of Object.entries(clients))
    for (const [index, config] of configs.entries())
      within(`${name}[${index}]`, () => {
        checkHttp(config, config);
        lookAt(config);
      });
}

function refuseFiles(endpoint: Http & { readonly bearerTokenFile?: string }): void {
  const { bearerTokenFile = '', tlsConfig } = endpoint;
  const named = [bearerTokenFile, tlsConfig?.caFile, tlsConfig?.certFile, tlsConfig?.keyFile];
  if (named.some((path) => path !== undefined && path !== ''))
    throw new MusterError('config', 'it names a file, which arbitraryFSAccessThroughSMs denies');
}

function checkTimes(
  { scrapeInterval }: PrometheusSpec,
  { interval, scrapeTimeout }: { readonly interval: string; readonly scrapeTimeout: string },
): void {
  for (const [name, text] of Object.entries({ interval, scrapeTimeout }))
    if (text !== '' && parseDuration(text) === undefined)
      throw new MusterError('config', `${name}: ${JSON.stringify(text)} is not a duration`);
  const every = parseDuration(interval || scrapeInterval || defaultInterval);
  if (every !== undefined && (parseDuration(scrapeTimeout) ?? 0) > every)
    throw new MusterError('config', `scrapeTimeout ${scrapeTimeout} is longer than the interval`);
}

/** The default of a Prometheus resource. */
const defaultInterval = '30s';

function checkLabels(settings: PrometheusSpec, labels: ReadonlyMap<string, string>, path: string): void {
  const isLegacy = !isSince(settings, '3.0.0');
  const bad = [...labels.keys()].find((name) => name === '' || (isLegacy && !isLegacyLabelName(name)));
  if (bad !== undefined)
    throw new MusterError('config', `${path}: ${JSON.stringify(bad)} is not the name of a label`);
}

/** Checks a host, with or without a port. Throws `config`. */
function checkProber(url: string): void {
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(url) ?? [];
  const isHost = /^(?:\[[\da-f:.]+\]|[\w-]+(?:\.[\w-]+)*\.?)$/i.test(host);
  const isPort = port === undefined || (Number(port) > 0 && Number(port) < 65_536);
  if (isIP(url) === 6 || (isHost && isPort)) return;
  throw new MusterError('config', `prober.url: ${JSON.stringify(url)} must be a host, or a host and a port`);
}

/**
 * Checks rules as the operator and Prometheus do. Throws `config` with the path of the first bad rule.
 * Source: prometheus-operator, pkg/prometheus/validation.
 */
function checkRules(settings: PrometheusSpec, rules: readonly Relabeling[], path: string): void {
  const printed = rules.map(ruleOf);
  const result = relabelConfigs.safeParse(printed, { jitless: true });
  const [problem] = result.success ? [] : result.error.issues.flatMap(problemsOf);
  if (problem !== undefined)
    throw new MusterError('config', `${path}${formatKeyPath(problem.path)}: ${problem.message}`);
  for (const [index, rule] of rules.entries()) {
    const message = versionProblem(settings, rule);
    if (message !== undefined) throw new MusterError('config', `${path}[${index}]: ${message}`);
  }
}

const actionsSince: Readonly<Record<string, string>> = {
  lowercase: '2.36.0',
  uppercase: '2.36.0',
  keepequal: '2.41.0',
  dropequal: '2.41.0',
};

/** A replacement that makes a valid label name before Prometheus 3. Source: prometheus/model/relabel. */
const legacyTemplate = /^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$/;

function versionProblem(settings: PrometheusSpec, rule: Relabeling): string | undefined {
  const { targetLabel, replacement = '$1' } = rule;
  const action = rule.action === '' ? 'replace' : rule.action.toLowerCase();
  const since = actionsSince[action];
  if (since !== undefined && !isSince(settings, since)) return `action ${action} needs Prometheus ${since}`;
  if (isSince(settings, '3.0.0')) return undefined;
  const names = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'];
  if (names.includes(action) && !isLegacyLabelName(targetLabel))
    return `${JSON.stringify(targetLabel)} is not the name of a label before Prometheus 3`;
  if (action === 'labelmap' && !legacyTemplate.test(replacement))
    return `${JSON.stringify(replacement)} does not make the name of a label before Prometheus 3`;
  return undefined;
}

/** Checks an HTTP client as the operator does. Throws `config` with the fault. */
function checkHttp(http: Http, proxy?: ProxyKeys): void {
  const { authorization, basicAuth, oauth2, bearerTokenSecret, tlsConfig } = http;
  const ways = Object.entries({ authorization, basicAuth, bearerTokenSecret, oauth2 })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (ways.length > 1) throw new MusterError('config', `${ways.join(' and ')} cannot go together`);
  if (authorization !== undefined) {
    if (/^basic$/i.test(authorization.type.trim()))
      throw new MusterError('config', 'authorization: type basic belongs to basicAuth');
    if (authorization.credentials === undefined && authorization.credentialsFile === '')
      throw new MusterError('config', 'authorization: credentials are missing');
  }
  if (oauth2 !== undefined) {
    if (oauth2.tokenUrl === '') throw new MusterError('config', 'oauth2: tokenUrl is missing');
    if (either('', oauth2.clientId).length === 0)
      throw new MusterError('config', 'oauth2: clientId is missing');
    checkTls(oauth2.tlsConfig, 'oauth2.tlsConfig');
    checkProxy(oauth2);
  }
  checkTls(tlsConfig, 'tlsConfig');
  if (proxy !== undefined) checkProxy(proxy);
}

function checkTls(tls: Tls | undefined, path: string): void {
  if (tls === undefined) return;
  const fail = (message: string): never => {
    throw new MusterError('config', `${path}: ${message}`);
  };
  for (const name of ['ca', 'cert'] as const)
    if (tls[name]?.secret !== undefined && tls[name]?.configMap !== undefined)
      fail(`${name} names a Secret and a ConfigMap: name only one`);
  if (tls.ca !== undefined && tls.caFile !== '') fail('ca and caFile cannot go together');
  if (tls.cert !== undefined && tls.certFile !== '') fail('cert and certFile cannot go together');
  if (tls.keySecret !== undefined && tls.keyFile !== '') fail('keySecret and keyFile cannot go together');
  const hasCert = either('', tls.cert).length > 0 || tls.certFile !== '';
  const hasKey = tls.keySecret !== undefined || tls.keyFile !== '';
  if (hasCert !== hasKey)
    fail(hasCert ? 'a client certificate without its key' : 'a client key without its certificate');
  if (tls.minVersion !== undefined && tls.maxVersion !== undefined && tls.maxVersion < tls.minVersion)
    fail('maxVersion is older than minVersion');
}

function checkProxy({
  proxyUrl = '',
  noProxy = '',
  proxyFromEnvironment = false,
  proxyConnectHeader,
}: ProxyKeys): void {
  const fail = (message: string): never => {
    throw new MusterError('config', message);
  };
  if (proxyConnectHeader.size > 0 && !proxyFromEnvironment && proxyUrl === '')
    fail('proxyConnectHeader needs proxyUrl or proxyFromEnvironment');
  if (proxyFromEnvironment && proxyUrl !== '') fail('proxyFromEnvironment and proxyUrl cannot go together');
  if (proxyFromEnvironment && noProxy !== '') fail('proxyFromEnvironment and noProxy cannot go together');
  if (proxyUrl === '' && noProxy !== '') fail('noProxy needs proxyUrl');
}

/** Checks the certificates whose texts are known. Throws `config`; the message never quotes a text. */
function checkCertificates(
  namespace: string,
  tls: Tls | undefined,
  textOf: (reference: Reference) => string | undefined,
): void {
  const [ca, cert, key] = [
    either(namespace, tls?.ca),
    either(namespace, tls?.cert),
    secrets(namespace, [tls?.keySecret]),
  ].map(([reference]) => reference && textOf(reference));
  try {
    if (ca) new X509Certificate(ca);
  } catch {
    throw new MusterError('config', 'tlsConfig.ca: is not a certificate in PEM');
  }
  try {
    if (!cert || !key) return;
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  } catch {
    throw new MusterError('config', 'tlsConfig: the certificate or its key is not PEM');
  }
  throw new MusterError('config', 'tlsConfig: the key does not belong to the certificate');
}

/** All HTTP clients of a Monitor. */
export function clientsOf(monitor: Monitor): readonly Http[] {
  switch (monitor.kind) {
    case 'ServiceMonitor':
      return monitor.spec.endpoints;
    case 'PodMonitor':
      return monitor.spec.podMetricsEndpoints;
    case 'Probe':
      return [monitor.spec];
    case 'ScrapeConfig': {
      const { spec } = monitor;
      return [spec, ...spec.httpSDConfigs, ...spec.kubernetesSDConfigs, ...spec.consulSDConfigs];
    }
  }
}

/** Runs `make`, and puts the path before the message of the error that it throws. */
export function within<Value>(path: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    const { kind, message } = toMusterError(error);
    throw new MusterError(kind, `${path}: ${message}`, { cause: error });
  }
}

/** A reference in words, for messages. */
export function whatIs({ kind, namespace, name, key }: Reference): string {
  return `key ${JSON.stringify(key)} of ${kind} ${namespace}/${name}`;
}
