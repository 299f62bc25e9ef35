import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import * as field from '../../config/fields.ts';
import { type HttpClientKeys, httpClientFields, withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { enumerate } from '../../config/problem.ts';
import type { NewerKey } from '../../config/prometheus-version.ts';
import { httpSdConfig, nameField } from '../../config/sd-config.ts';
import { rule, section } from '../../config/section.ts';
import { fieldSelectorProblem, labelSelectorProblem } from './selectors.ts';

const roles = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'] as const;

/** The kind of object that is discovered. Source: Prometheus configuration reference, kubernetes_sd_config. */
export type Role = (typeof roles)[number];

/** For each role, the roles that its selectors may have: its own, and those of the objects that it joins. */
const selectableRoles: Readonly<Record<Role, readonly Role[]>> = {
  node: ['node'],
  service: ['service'],
  pod: ['pod', 'node'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  ingress: ['ingress'],
};

const eks = section({
  cluster: field.leaf(
    "the cluster's name: 100 letters, digits, - and _ at most",
    matching(/^[0-9A-Za-z][\w-]{0,99}$/),
  ),
  region: field.leaf('an AWS region such as eu-west-1', matching(/^[a-z]{2,}(?:-[a-z0-9]+)+$/)),
  role_arn: field
    .leaf('the ARN of an IAM role', matching(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/))
    .optional(),
});

/** Muster's own keys of a connection. */
const connectionMuster = {
  eks: eks.optional(),
  page_size: field.int({ min: 1, max: 10_000 }, 500),
  compression: field.bool(false),
};

/**
 * The keys of a connection, which kubernetes_sd_configs and kube_state_metrics share. Spread them into a section that
 * `httpSdConfig` makes, and pass `connectionRules` to its `.check(…)`.
 */
export const connectionFields = {
  api_server: field.unlessEmpty(z.preprocess(withScheme, field.url())),
  kubeconfig_file: field.unlessEmpty(
    field.leaf('the path of a file', (path) => (path.includes('\0') ? undefined : path)),
  ),
  namespaces: section({ own_namespace: field.bool(false), names: field.stringList() }).prefault({}),
  muster: section(connectionMuster).prefault({}),
};

const selector = section({
  role: field.oneOf(roles),
  label: field.text('').check(withoutProblem(labelSelectorProblem)),
  field: field.text('').check(withoutProblem(fieldSelectorProblem)),
});

const keys = httpSdConfig('60s', {
  role: field.oneOf(roles),
  ...connectionFields,
  muster: section({ ...nameField, ...connectionMuster }).prefault({}),
  selectors: field.list(selector),
  attach_metadata: section({
    node: field.bool(false),
    namespace: field.bool(false),
    deployment: field.bool(false),
    job: field.bool(false),
    cronjob: field.bool(false),
  }).prefault({}),
});

type Keys = z.output<typeof keys>;
type ConnectionKeys = Pick<Keys, keyof typeof connectionFields | keyof typeof httpClientFields>;

const httpKeys = z.object(httpClientFields).keyof().options;

let unset: HttpClientKeys | undefined;

/** The HTTP client keys without any configuration, parsed once and on demand. */
function unsetHttpKeys(): HttpClientKeys {
  unset ??= section(httpClientFields).parse({}, { jitless: true });
  return unset;
}

/** The rules between the keys of a connection. */
export const connectionRules = [
  rule<ConnectionKeys, 'kubeconfig_file' | 'api_server'>(['kubeconfig_file', 'api_server'], (config) =>
    config.kubeconfig_file !== undefined && config.api_server !== undefined
      ? 'cannot be combined with api_server, which the file names too'
      : undefined,
  ),
  rule<ConnectionKeys, 'muster' | 'api_server' | 'kubeconfig_file'>(
    ['muster', 'api_server', 'kubeconfig_file'],
    ({ muster, api_server, kubeconfig_file }) =>
      muster.eks !== undefined && (api_server !== undefined || kubeconfig_file !== undefined)
        ? 'eks cannot be combined with api_server or kubeconfig_file: it finds the API server by itself'
        : undefined,
  ),
  ...httpKeys.map((key) =>
    rule<ConnectionKeys, typeof key | 'api_server' | 'kubeconfig_file'>(
      [key, 'api_server', 'kubeconfig_file'],
      (config) => {
        if (config.api_server !== undefined && config.kubeconfig_file === undefined) return undefined;
        if (isDeepStrictEqual(config[key], unsetHttpKeys()[key])) return undefined;
        return config.kubeconfig_file === undefined
          ? 'an HTTP client option needs api_server'
          : 'an HTTP client option cannot be combined with kubeconfig_file, which has its own';
      },
    ),
  ),
  rule<ConnectionKeys, 'namespaces' | 'api_server' | 'kubeconfig_file' | 'muster'>(
    ['namespaces', 'api_server', 'kubeconfig_file', 'muster'],
    ({ namespaces, api_server, kubeconfig_file, muster }) => {
      if (!namespaces.own_namespace) return undefined;
      if (api_server !== undefined) return 'own_namespace cannot be combined with api_server';
      if (kubeconfig_file !== undefined) return 'own_namespace cannot be combined with kubeconfig_file';
      return muster.eks === undefined ? undefined : 'own_namespace cannot be combined with eks';
    },
  ),
];

/**
 * An element of `kubernetes_sd_configs`. Source: Prometheus configuration reference, kubernetes_sd_config, as of
 * Prometheus 3.14; `refresh_interval` and `muster` are Muster's own.
 */
export const kubernetesConfig = keys
  .check(
    ...connectionRules,
    rule<Keys, 'selectors' | 'role'>(['selectors', 'role'], ({ role, selectors }) => {
      const seen = new Set<string>();
      for (const selector of selectors) {
        if (seen.has(selector.role)) return `role ${selector.role} appears twice`;
        seen.add(selector.role);
        if (!selectableRoles[role].includes(selector.role))
          return `role ${role} only takes selectors of role ${enumerate(selectableRoles[role])}`;
      }
      return undefined;
    }),
  )
  .transform(withHttpClient);

/** One SD config after defaults and checks. */
export type KubernetesConfig = z.output<typeof kubernetesConfig>;

/** Returns the configured keys that are newer than Prometheus 3.5. Source: Prometheus, CHANGELOG. */
export function newerKeys({ role, selectors, attach_metadata: attach }: KubernetesConfig): NewerKey[] {
  const attached = attachedSince.filter(([key]) => attach[key]);
  const ofNodes = role === 'pod' ? selectors.findIndex((selector) => selector.role === 'node') : -1;
  return [
    ...attached.map(([key, since]) => ({ path: ['attach_metadata', key], since })),
    ...(ofNodes === -1 ? [] : [{ path: ['selectors', ofNodes], since: '3.11' as const }]),
  ];
}

const attachedSince = [
  ['namespace', '3.6'],
  ['deployment', '3.11'],
  ['job', '3.11'],
  ['cronjob', '3.11'],
] as const;

/** The connection keys of an SD config. */
export type ConnectionConfig = Pick<KubernetesConfig, keyof typeof connectionFields | 'http'>;

/** An Amazon EKS cluster, its region and the role for it. */
export type EksConfig = z.output<typeof eks>;

/** A host without a scheme means plain HTTP, as in Prometheus. Source: client-go, DefaultServerURL. */
function withScheme(input: unknown): unknown {
  const source = field.scalarText(input);
  return source !== undefined && hostAlone.test(source) ? `http://${source}` : input;
}

/** Go refuses `10.0.0.1:6443`, too: a URL scheme cannot start with a digit. */
const hostAlone = /^(?:[a-z][a-z0-9+.-]*:\d{1,5}|[^\s:/?#@[\]%\\]+)$/i;

function matching(syntax: RegExp) {
  return (source: string) => (syntax.test(source) ? source : undefined);
}

function withoutProblem(problemOf: (text: string) => string | undefined): z.core.$ZodCheck<string> {
  return z.superRefine((source, context) => {
    const message = problemOf(source);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** The keys of a connection, of `kubernetes_sd_configs` and of `kubernetes` in `kube_state_metrics`. */
export const connectionTexts: KeyTexts = {
  api_server: [
    'URL of the API server. Default: that of the cluster in which Muster runs.',
    'https://k8s.example:6443',
  ],
  kubeconfig_file: ['A kubeconfig, relative to this file. It has its own credentials.', 'kube/config'],
  namespaces: ['Namespaces that are listed. Default: all.', { names: ['web'] }],
  'namespaces.own_namespace': ['List the namespace in which Muster runs.', true],
  'namespaces.names': ['Namespaces that are listed.', ['web', 'api']],
  muster: ["Muster's settings of the connection.", { page_size: 1000 }],
  'muster.eks': [
    'An EKS cluster, reached with the AWS credentials of Muster.',
    { cluster: 'prod', region: 'eu-west-1' },
  ],
  'muster.eks.cluster': ["The cluster's name.", 'prod'],
  'muster.eks.region': ['Its region.', 'eu-west-1'],
  'muster.eks.role_arn': [
    'A role to take, as of another account.',
    'arn:aws:iam::123456789012:role/muster-reader',
  ],
  'muster.page_size': ['Objects of one page of a listing.', 1000],
  'muster.compression': ['Ask for compressed answers: for slow networks.', true],
};

/** The keys of `kubernetes_sd_configs`. */
export const kubernetesTexts: KeyTexts = {
  ...connectionTexts,
  role: ['What becomes targets.', 'pod'],
  selectors: ['Only objects that fit.', [{ role: 'pod', label: 'app=web' }]],
  'selectors[].role': ['Kind of object that is selected.', 'pod'],
  'selectors[].label': ['Label selector.', 'app=web,tier!=test'],
  'selectors[].field': ['Field selector.', 'spec.nodeName=node-1'],
  attach_metadata: ['More objects whose labels a target gets.', { node: true }],
  'attach_metadata.node': ['Those of its node. Roles pod, endpoints and endpointslice.', true],
  'attach_metadata.namespace': ['Those of its namespace.', true],
  'attach_metadata.deployment': ['The name of the deployment behind a pod. Lists replica sets.', true],
  'attach_metadata.job': ['The name of the job that controls a pod.', true],
  'attach_metadata.cronjob': ['The name of the cron job behind a pod. Lists jobs.', true],
};
