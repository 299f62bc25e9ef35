import { describe, expect, test } from '@jest/globals';
import { kubernetesConfig } from '../../../lib/backends/kubernetes/schema.ts';
import { plainConfig } from '../../support/http-client.ts';

const server = 'https://10.0.0.1:6443';

test('gives a stanza that names a role alone the defaults', () => {
  expect(kubernetesConfig.parse({ role: 'pod' })).toEqual({
    refresh_interval: 60_000,
    role: 'pod',
    api_server: undefined,
    kubeconfig_file: undefined,
    namespaces: { own_namespace: false, names: [] },
    selectors: [],
    attach_metadata: { node: false, namespace: false, deployment: false, job: false, cronjob: false },
    muster: { page_size: 500, compression: false },
    http: plainConfig,
  });
});

test('takes every key at once', () => {
  const config = kubernetesConfig.parse({
    role: 'endpointslice',
    api_server: `${server}/k8s/clusters/c-1`,
    refresh_interval: '5m',
    namespaces: { names: ['a', 'b'] },
    selectors: [
      { role: 'endpointslice', label: 'app in (web, api), !canary', field: 'metadata.name!=x' },
      { role: 'pod', field: 'status.phase=Running,spec.nodeName=n\\=1' },
    ],
    attach_metadata: { node: true, namespace: true, deployment: true, job: true, cronjob: true },
    tls_config: { insecure_skip_verify: true },
    muster: { page_size: 1000, compression: true },
  });
  expect(config).toEqual({
    refresh_interval: 300_000,
    role: 'endpointslice',
    api_server: new URL(`${server}/k8s/clusters/c-1`),
    kubeconfig_file: undefined,
    namespaces: { own_namespace: false, names: ['a', 'b'] },
    selectors: [
      { role: 'endpointslice', label: 'app in (web, api), !canary', field: 'metadata.name!=x' },
      { role: 'pod', label: '', field: 'status.phase=Running,spec.nodeName=n\\=1' },
    ],
    attach_metadata: { node: true, namespace: true, deployment: true, job: true, cronjob: true },
    muster: { page_size: 1000, compression: true },
    http: { ...plainConfig, tls_config: { insecure_skip_verify: true } },
  });
});

const eks = { cluster: 'blue', region: 'eu-west-1' };

describe('takes', () => {
  test.each<[string, object]>([
    ['every role', { role: 'ingress' }],
    ['a kubeconfig', { role: 'node', kubeconfig_file: 'kube/config' }],
    ['an EKS cluster', { role: 'node', muster: { eks } }],
    [
      'an EKS cluster by a role',
      { role: 'node', muster: { eks: { ...eks, role_arn: 'arn:aws:iam::123456789012:role/a/muster' } } },
    ],
    ['its own namespace, in a cluster', { role: 'pod', namespaces: { own_namespace: true, names: ['x'] } }],
    ['HTTP options with api_server', { role: 'pod', api_server: server, bearer_token: 'x' }],
    [
      'HTTP options as they are by default',
      { role: 'pod', follow_redirects: true, enable_http2: true, tls_config: {} },
    ],
    ['an empty api_server as none', { role: 'pod', api_server: '', kubeconfig_file: 'k' }],
    [
      'selectors of a pod and its node',
      { role: 'pod', selectors: [{ role: 'pod' }, { role: 'node', label: 'a=b' }] },
    ],
    [
      'selectors of an endpoints object',
      { role: 'endpoints', selectors: [{ role: 'pod' }, { role: 'service' }, { role: 'endpoints' }] },
    ],
  ])('%s', (_what, stanza) => {
    expect(kubernetesConfig.safeParse(stanza).error?.issues).toBeUndefined();
  });
});

const customNeedsServer = 'an HTTP client option needs api_server';

describe('refuses', () => {
  test.each<[string, object, string, string]>([
    ['no role', {}, 'role', 'is required'],
    [
      'an unknown role',
      { role: 'pods' },
      'role',
      'must be node, service, pod, endpoints, endpointslice or ingress',
    ],
    [
      'a server without scheme',
      { role: 'pod', api_server: '10.0.0.1:6443' },
      'api_server',
      'must be an http:// or https:// URL without credentials',
    ],
    [
      'two addresses',
      { role: 'pod', api_server: server, kubeconfig_file: 'k' },
      'kubeconfig_file',
      'cannot be combined with api_server, which the file names too',
    ],
    [
      'a kubeconfig with a token',
      { role: 'pod', kubeconfig_file: 'k', bearer_token: 'x' },
      'bearer_token',
      'an HTTP client option cannot be combined with kubeconfig_file, which has its own',
    ],
    [
      'a kubeconfig with TLS options',
      { role: 'pod', kubeconfig_file: 'k', tls_config: { server_name: 'x' } },
      'tls_config',
      'an HTTP client option cannot be combined with kubeconfig_file, which has its own',
    ],
    [
      'basic_auth without a server',
      { role: 'pod', basic_auth: { username: 'u' } },
      'basic_auth',
      customNeedsServer,
    ],
    [
      'authorization without a server',
      { role: 'pod', authorization: {} },
      'authorization',
      customNeedsServer,
    ],
    [
      'no redirects without a server',
      { role: 'pod', follow_redirects: false },
      'follow_redirects',
      customNeedsServer,
    ],
    [
      'a proxy without a server',
      { role: 'pod', proxy_from_environment: true },
      'proxy_from_environment',
      customNeedsServer,
    ],
    [
      'headers without a server',
      { role: 'pod', http_headers: { a: { values: ['b'] } } },
      'http_headers',
      customNeedsServer,
    ],
    [
      'EKS with a server',
      { role: 'pod', api_server: server, muster: { eks } },
      'muster',
      'eks cannot be combined with api_server or kubeconfig_file: it finds the API server by itself',
    ],
    [
      'the own namespace of another cluster',
      { role: 'pod', api_server: server, namespaces: { own_namespace: true } },
      'namespaces',
      'own_namespace cannot be combined with api_server',
    ],
    [
      'the own namespace by a kubeconfig',
      { role: 'pod', kubeconfig_file: 'k', namespaces: { own_namespace: true } },
      'namespaces',
      'own_namespace cannot be combined with kubeconfig_file',
    ],
    [
      'the own namespace in EKS',
      { role: 'pod', muster: { eks }, namespaces: { own_namespace: true } },
      'namespaces',
      'own_namespace cannot be combined with eks',
    ],
    [
      'two selectors of one role',
      { role: 'pod', selectors: [{ role: 'pod' }, { role: 'pod' }] },
      'selectors',
      'role pod appears twice',
    ],
    [
      'a selector of a role that is not joined',
      { role: 'endpoints', selectors: [{ role: 'node' }] },
      'selectors',
      'role endpoints only takes selectors of role pod, service and endpoints',
    ],
    [
      'a selector without a role',
      { role: 'pod', selectors: [{ label: 'a' }] },
      'selectors.0.role',
      'is required',
    ],
    [
      'a broken label selector',
      { role: 'pod', selectors: [{ role: 'pod', label: 'a in b' }] },
      'selectors.0.label',
      'has "b" where "(" after "in" should be',
    ],
    [
      'a broken field selector',
      { role: 'pod', selectors: [{ role: 'pod', field: 'spec.nodeName' }] },
      'selectors.0.field',
      '"spec.nodeName" is not of the form field=value, field==value or field!=value',
    ],
    [
      'an unknown key',
      { role: 'pod', attach_metadata: { nodes: true } },
      'attach_metadata',
      'unknown key, did you mean "node"?',
    ],
    [
      'a page of nothing',
      { role: 'pod', muster: { page_size: 0 } },
      'muster.page_size',
      'must be a whole number from 1 to 10000',
    ],
    [
      'a region that is none',
      { role: 'pod', muster: { eks: { cluster: 'a', region: 'x.evil.example' } } },
      'muster.eks.region',
      'must be an AWS region such as eu-west-1',
    ],
    [
      'a cluster that is a path',
      { role: 'pod', muster: { eks: { cluster: '../x', region: 'eu-west-1' } } },
      'muster.eks.cluster',
      "must be the cluster's name: 100 letters, digits, - and _ at most",
    ],
    [
      'a user for a role',
      { role: 'pod', muster: { eks: { ...eks, role_arn: 'arn:aws:iam::123456789012:user/x' } } },
      'muster.eks.role_arn',
      'must be the ARN of an IAM role',
    ],
  ])('%s', (_what, stanza, path, message) => {
    const issues = kubernetesConfig
      .safeParse(stanza)
      .error?.issues.map((issue) => [issue.path.join('.'), issue.message]);
    expect(issues).toEqual([[path, message]]);
  });
});

test.each([
  ['localhost:6443', 'http://localhost:6443/'],
  ['api.cluster-1.example:6443', 'http://api.cluster-1.example:6443/'],
  ['localhost', 'http://localhost/'],
  ['10.0.0.1', 'http://10.0.0.1/'],
])('an api_server without a scheme, %s, is %s, as in Prometheus', (api_server, url) => {
  expect(kubernetesConfig.parse({ role: 'pod', api_server }).api_server?.href).toBe(url);
});
