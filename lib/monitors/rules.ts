import { labelSelectorProblem } from '../backends/kubernetes/selectors.ts';
import { MusterError } from '../base/errors.ts';
import { sanitizeLabelName } from '../targets/group.ts';
import type { LabelSelector, MonitorName, PrometheusSpec, Relabeling } from './resources.ts';
import { isExcluded, type Translation } from './settings.ts';

/** A rule of `relabel_configs`, with its keys in the operator's order. */
export type Rule = Readonly<Record<string, string | number | readonly string[]>>;

/** Keeps the job's name for the rules of a Monitor, since later rules change `job`. */
export const keepJobName: Rule = { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' };

/** Drops pods that have ended. */
export const dropEnded: Rule = {
  action: 'drop',
  source_labels: ['__meta_kubernetes_pod_phase'],
  regex: '(Failed|Succeeded)',
};

/** Keeps the objects that match the selector, by their labels in discovery. */
export function selectorRules(
  object: 'service' | 'pod' | 'ingress',
  selector: LabelSelector,
): readonly Rule[] {
  const value = (key: string) => `__meta_kubernetes_${object}_label_${sanitizeLabelName(key)}`;
  const present = (key: string) => `__meta_kubernetes_${object}_labelpresent_${sanitizeLabelName(key)}`;
  const withValue = (action: string, key: string, values: readonly string[]): Rule => ({
    action,
    source_labels: [value(key), present(key)],
    regex: `(${values.join('|')});true`,
  });
  return [
    ...[...selector.matchLabels]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, text]) => withValue('keep', key, [text])),
    ...selector.matchExpressions.flatMap(({ key, operator, values }): readonly Rule[] => {
      if (operator === 'In') return [withValue('keep', key, values)];
      if (operator === 'NotIn') return [withValue('drop', key, values)];
      const action = operator === 'Exists' ? 'keep' : 'drop';
      return [{ action, source_labels: [present(key)], regex: 'true' }];
    }),
  ];
}

/** Copies a label that has a value. */
export function copyLabel(source: string, target: string): Rule {
  return { source_labels: [source], target_label: target, regex: '(.+)', replacement: '${1}' };
}

/** Copies labels of an object to the target; `names` are those of the object's labels. */
export function copyLabels(object: 'service' | 'pod', names: readonly string[]): readonly Rule[] {
  return names.map((name) => {
    const label = sanitizeLabelName(name);
    return copyLabel(`__meta_kubernetes_${object}_label_${label}`, label);
  });
}

/** A rule of a Monitor or scrape class in Prometheus's words. */
export function ruleOf(rule: Relabeling): Rule {
  const { sourceLabels, separator, targetLabel, regex, modulus, replacement, action } = rule;
  return {
    ...(sourceLabels.length > 0 && { source_labels: sourceLabels }),
    ...(separator !== undefined && { separator }),
    ...(targetLabel !== '' && { target_label: targetLabel }),
    ...(regex !== '' && { regex }),
    ...(modulus !== undefined && modulus !== 0 && { modulus }),
    ...(replacement !== undefined && { replacement }),
    ...(action !== '' && { action: action.toLowerCase() }),
  };
}

/** A Monitor's own rules; an enforced namespace label comes after them, so that no rule can overwrite it. */
export function ownRules(
  settings: PrometheusSpec,
  monitor: MonitorName,
  rules: readonly Relabeling[],
): readonly Rule[] {
  const { enforcedNamespaceLabel: label } = settings;
  const own = rules.map(ruleOf);
  if (label === '' || isExcluded(settings, monitor)) return own;
  return [...own, { target_label: label, replacement: monitor.namespace }];
}

/** Keeps the targets of one shard, with `__tmp_hash` and `__tmp_disable_sharding` as in the operator. */
export function shardRules(shard: Translation['shard'], label: string): readonly Rule[] {
  if (shard === undefined || shard.total === 1) return [];
  const hash = '__tmp_hash';
  return [
    {
      source_labels: [label, hash],
      target_label: hash,
      regex: '(.+);',
      replacement: '$1',
      action: 'replace',
    },
    { source_labels: [hash], target_label: hash, modulus: shard.total, action: 'hashmod' },
    { source_labels: [hash, '__tmp_disable_sharding'], regex: `${shard.index};|.+;.+`, action: 'keep' },
  ];
}

/** Escapes a text for a `replacement`. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** Escapes a text for a `regex`. */
export function literalPattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/**
 * The selector in the form of an API query, with sorted keys; empty for all objects. Throws `config` where it is
 * malformed.
 */
export function selectorText({ matchLabels, matchExpressions }: LabelSelector, path: string): string {
  const parts = [
    ...Array.from(matchLabels, ([key, value]) => ({ key, values: [value], text: `${key}=${value}` })),
    ...matchExpressions.map(({ key, operator, values }) => {
      const set = `(${[...values].sort().join(',')})`;
      const text = {
        In: `${key} in ${set}`,
        NotIn: `${key} notin ${set}`,
        Exists: key,
        DoesNotExist: `!${key}`,
      }[operator];
      const needsValues = operator === 'In' || operator === 'NotIn';
      if (text === undefined)
        throw new MusterError('config', `${path}: operator ${JSON.stringify(operator)} is not known`);
      if (needsValues !== values.length > 0)
        throw new MusterError(
          'config',
          `${path}: operator ${operator} ${needsValues ? 'needs' : 'takes no'} values`,
        );
      return { key, values, text };
    }),
  ];
  const odd = parts.flatMap(({ values }) => values).find((value) => !/^[-\w.]*$/.test(value));
  if (odd !== undefined)
    throw new MusterError('config', `${path}: ${JSON.stringify(odd)} is not the value of a label`);
  const text = parts
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map((part) => part.text)
    .join(',');
  const problem = labelSelectorProblem(text);
  if (problem !== undefined) throw new MusterError('config', `${path}: ${problem}`);
  return text;
}
