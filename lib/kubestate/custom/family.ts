import type { ObjectMeta } from '../../backends/kubernetes/objects.ts';
import { compare } from '../../target/canonical.ts';
import type { LabelledFamily } from '../family.ts';
import { sanitizeName } from '../text/label-names.ts';
import type { CustomMetric, CustomResource } from './config.ts';
import { labelsFrom } from './labels.ts';
import type { Skips } from './skips.ts';
import { type Skip, valuesOf } from './values.ts';

/** A custom resource's object: of its content what the configuration reads. */
export interface CustomObject extends ObjectMeta {
  readonly uid: string;
  readonly content: unknown;
}

/** A group, a version in it and a kind in that. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The families of one kind, in the order of their configuration; one name may come more than once. */
export function familiesOf(
  resource: CustomResource,
  kind: GroupVersionKind,
  skips: Skips,
): readonly LabelledFamily<CustomObject>[] {
  return resource.metrics.map((metric) => familyOf(metric, resource, kind, skips));
}

function familyOf(
  metric: CustomMetric,
  resource: CustomResource,
  { group, version, kind }: GroupVersionKind,
  skips: Skips,
): LabelledFamily<CustomObject> {
  const { name, help, each } = metric;
  const common = {
    ...resource.commonLabels,
    customresource_group: group,
    customresource_version: version,
    customresource_kind: kind,
    ...metric.commonLabels,
  };
  const addLabels = labelsFrom({ ...resource.labelsFromPath, ...metric.labelsFromPath });
  const fullName = [resource.metricNamePrefix, name].filter((part) => part !== '').join('_');
  const read = valuesOf(each, sanitizeName(fullName));
  // As in kube-state-metrics, a level above 0 is for whoever asks for more than usual.
  const isQuiet = (metric.errorLogV || resource.errorLogV) > 0;
  const skip: Skip = isQuiet ? () => undefined : (why) => skips.add(fullName, each, why);
  return {
    name: fullName,
    help,
    type: each.type,
    labelled({ content }) {
      const values = read(content, skip);
      if (values.length === 0) return [];
      const base = new Map(Object.entries(common));
      addLabels(content, base);
      return values.map(({ labels, value }) => ({
        labels: [...new Map([...base, ...labels])].sort(([a], [b]) => compare(a, b)),
        value,
      }));
    },
  };
}
