import { addressLabel, type TargetGroup } from '../../../targets/group.ts';
import { labels, metaNames } from '../labels.ts';
import type { Ingress, IngressRule } from '../objects.ts';
import { type Attached, compact, type DraftLabels, put, putMap, putNamespace } from './draft.ts';

/** The hosts and paths of an ingress; `undefined` without any. */
export function buildIngressGroup(ingress: Ingress, attached: Attached): TargetGroup | undefined {
  const { namespace, name, tlsHosts } = ingress;
  const targets: DraftLabels[] = [];
  for (const rule of ingress.rules) {
    const scheme = tlsHosts.some((pattern) => isMatch(pattern, rule.host)) ? 'https' : 'http';
    for (const path of pathsOf(rule)) {
      const target: DraftLabels = { [addressLabel]: rule.host };
      put(target, labels.ingress.host, rule.host);
      target[labels.ingress.path] = path;
      target[labels.ingress.scheme] = scheme;
      targets.push(target);
    }
  }
  if (targets.length === 0) return undefined;

  const group: DraftLabels = {};
  putMap(group, metaNames.ingress.annotation, ingress.annotations);
  put(group, labels.ingress.className, ingress.className);
  putMap(group, metaNames.ingress.label, ingress.labels);
  group[labels.ingress.name] = name;
  group[labels.namespace] = namespace;
  putNamespace(group, attached, namespace);
  return { source: `ingress/${namespace}/${name}`, labels: compact(group), targets };
}

/** A rule without an `http` part stands for the root; one whose `http` part has no paths, for nothing. */
function pathsOf(rule: IngressRule): readonly string[] {
  if (rule.paths === undefined) return ['/'];
  return rule.paths.map((path) => (path === '' ? '/' : path));
}

/** Whether the host is the pattern, or one label in place of the pattern's `*`. */
function isMatch(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (pattern !== '*' && !pattern.startsWith('*.')) return false;
  const dot = host.indexOf('.');
  return pattern.slice(1) === (dot === -1 ? '' : host.slice(dot));
}
