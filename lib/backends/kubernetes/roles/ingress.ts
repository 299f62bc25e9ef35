import { addressLabel, type LabelSet, type TargetGroup } from '../../../targets/group.ts';
import { type Kind, kind, type ObjectOf } from '../kinds/kind.ts';
import { ingressRules, ingressSpec } from '../kinds/messages.ts';
import { labels, metaNames } from '../labels.ts';
import { struct, text } from '../wire/fields.ts';
import {
  type Attached,
  compact,
  type DraftLabels,
  put,
  putMap,
  putNamespace,
  set,
  targetMetadata,
} from './draft.ts';

const fields = { spec: struct(2, { ...ingressSpec, ...ingressRules({ path: text(1) }) }) };

type Ingress = ObjectOf<typeof targetMetadata, typeof fields>;
type IngressRule = Ingress['spec']['rules'][number];

/** Ingresses as targets. Source of the fields: Kubernetes API reference, Ingress v1. */
export const ingress: Kind<Ingress> = kind(
  { resource: 'ingresses', apiVersion: 'networking.k8s.io/v1', listKind: 'IngressList', namespaced: true },
  targetMetadata,
  fields,
);

/** The group of an ingress: its hosts and paths. Undefined when it has none. */
export function buildIngressGroup(ingress: Ingress, attached: Attached): TargetGroup | undefined {
  const { namespace, name, spec } = ingress;
  const tlsHosts = spec.tls.flatMap(({ hosts }) => hosts);
  const targets: LabelSet[] = [];
  for (const rule of spec.rules) {
    const scheme = tlsHosts.some((pattern) => isMatch(pattern, rule.host)) ? 'https' : 'http';
    for (const path of pathsOf(rule)) {
      const target: DraftLabels = [addressLabel, rule.host];
      put(target, labels.ingress.host, rule.host);
      set(target, labels.ingress.path, path);
      set(target, labels.ingress.scheme, scheme);
      targets.push(compact(target));
    }
  }
  if (targets.length === 0) return undefined;

  const group: DraftLabels = [];
  putMap(group, metaNames.ingress.annotation, ingress.annotations);
  put(group, labels.ingress.className, spec.ingressClassName ?? '');
  putMap(group, metaNames.ingress.label, ingress.labels);
  set(group, labels.ingress.name, name);
  set(group, labels.namespace, namespace);
  putNamespace(group, attached, namespace);
  return { source: `ingress/${namespace}/${name}`, labels: compact(group), targets };
}

/** A rule without `http` means the path `/`. A rule whose `http` has no paths means nothing. */
function pathsOf({ value: { http } }: IngressRule): readonly string[] {
  if (http === undefined) return ['/'];
  return http.paths.map(({ path }) => (path === '' ? '/' : path));
}

/** Whether the host equals the pattern, or has one label in place of the pattern's leading `*`. */
function isMatch(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (pattern !== '*' && !pattern.startsWith('*.')) return false;
  const dot = host.indexOf('.');
  return pattern.slice(1) === (dot === -1 ? '' : host.slice(dot));
}
