import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import {
  bool,
  int,
  leaf,
  list,
  oneOf,
  scalarText,
  stringList,
  text,
  unlessEmpty,
  url,
} from '../../config/fields.ts';
import { type HttpClientKeys, httpClientFields, withHttpClient } from '../../config/http-client.ts';
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
  cluster: leaf(
    "the cluster's name: 100 letters, digits, - and _ at most",
    matching(/^[0-9A-Za-z][\w-]{0,99}$/),
  ),
  region: leaf('an AWS region such as eu-west-1', matching(/^[a-z]{2,}(?:-[a-z0-9]+)+$/)),
  role_arn: leaf(
    'the ARN of an IAM role',
    matching(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/),
  ).optional(),
});

/** Muster's own; Prometheus has no such keys. */
const connectionMuster = {
  eks: eks.optional(),
  page_size: int({ min: 1, max: 10_000 }, 500),
  compression: bool(false),
};

/**
 * How an API server is reached and listed: what kubernetes_sd_configs and kube_state_metrics have in common, to spread
 * into a section that is made by `httpSdConfig`. `connectionRules` belong into its `.check(…)`.
 */
export const connectionFields = {
  api_server: unlessEmpty(z.preprocess(withScheme, url())),
  kubeconfig_file: unlessEmpty(
    leaf('the path of a file', (path) => (path.includes('\0') ? undefined : path)),
  ),
  namespaces: section({ own_namespace: bool(false), names: stringList() }).prefault({}),
  muster: section(connectionMuster).prefault({}),
};

const selector = section({
  role: oneOf(roles),
  label: text('').check(withoutProblem(labelSelectorProblem)),
  field: text('').check(withoutProblem(fieldSelectorProblem)),
});

const keys = httpSdConfig('60s', {
  role: oneOf(roles),
  ...connectionFields,
  muster: section({ ...nameField, ...connectionMuster }).prefault({}),
  selectors: list(selector),
  attach_metadata: section({
    node: bool(false),
    namespace: bool(false),
    deployment: bool(false),
    job: bool(false),
    cronjob: bool(false),
  }).prefault({}),
});

type Keys = z.output<typeof keys>;
type ConnectionKeys = Pick<Keys, keyof typeof connectionFields | keyof typeof httpClientFields>;

const httpKeys = z.object(httpClientFields).keyof().options;

let unset: HttpClientKeys | undefined;

/** The HTTP client keys where none of them is given: read when a connection has no api_server, and once. */
function unsetHttpKeys(): HttpClientKeys {
  unset ??= section(httpClientFields).parse({}, { jitless: true });
  return unset;
}

/** What must hold between the keys of a connection. */
export const connectionRules = [
  rule<ConnectionKeys, 'kubeconfig_file' | 'api_server'>(['kubeconfig_file', 'api_server'], (config) =>
    config.kubeconfig_file !== undefined && config.api_server !== undefined
      ? 'can not go with api_server, which the file names too'
      : undefined,
  ),
  rule<ConnectionKeys, 'muster' | 'api_server' | 'kubeconfig_file'>(
    ['muster', 'api_server', 'kubeconfig_file'],
    ({ muster, api_server, kubeconfig_file }) =>
      muster.eks !== undefined && (api_server !== undefined || kubeconfig_file !== undefined)
        ? 'eks can not go with api_server or kubeconfig_file: it finds the API server by itself'
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
          : 'an HTTP client option can not go with kubeconfig_file, which has its own';
      },
    ),
  ),
  rule<ConnectionKeys, 'namespaces' | 'api_server' | 'kubeconfig_file' | 'muster'>(
    ['namespaces', 'api_server', 'kubeconfig_file', 'muster'],
    ({ namespaces, api_server, kubeconfig_file, muster }) => {
      if (!namespaces.own_namespace) return undefined;
      if (api_server !== undefined) return 'own_namespace can not go with api_server';
      if (kubeconfig_file !== undefined) return 'own_namespace can not go with kubeconfig_file';
      return muster.eks === undefined ? undefined : 'own_namespace can not go with eks';
    },
  ),
];

/**
 * An element of `kubernetes_sd_configs`. Source: Prometheus configuration reference, kubernetes_sd_config, as of
 * Prometheus 3.14; `refresh_interval` and `muster` are of our own.
 */
export const kubernetesConfig = keys
  .check(
    ...connectionRules,
    rule<Keys, 'selectors' | 'role'>(['selectors', 'role'], ({ role, selectors }) => {
      const seen = new Set<string>();
      for (const selector of selectors) {
        if (seen.has(selector.role)) return `role ${selector.role} comes twice`;
        seen.add(selector.role);
        if (!selectableRoles[role].includes(selector.role))
          return `role ${role} takes selectors of role ${enumerate(selectableRoles[role])} alone`;
      }
      return undefined;
    }),
  )
  .transform(withHttpClient);

/** One SD config after defaults and checks. */
export type KubernetesConfig = z.output<typeof kubernetesConfig>;

/** What came after Prometheus 3.5. Source: its change log. */
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

/** The part of it that says how to reach and read the API server. */
export type ConnectionConfig = Pick<KubernetesConfig, keyof typeof connectionFields | 'http'>;

/** Where and as whom Amazon EKS is asked for a cluster. */
export type EksConfig = z.output<typeof eks>;

/** A host without a scheme, with a port or not, is asked over plain HTTP, as in Prometheus. Source: client-go, DefaultServerURL. */
function withScheme(input: unknown): unknown {
  const source = scalarText(input);
  return source !== undefined && hostAlone.test(source) ? `http://${source}` : input;
}

/** To Go a number cannot stand in front of a colon: `10.0.0.1:6443` is refused there, too. */
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
