import { expect, test } from '@jest/globals';
import { clusterRoleFor } from '../../../lib/kube-state/cluster-role.ts';
import { kubeStateConfig } from '../../../lib/kube-state/options.ts';

/** The rules of the manifest for custom resources alone, of which each is given by its kind and its plural. */
function rulesFor(
  ...resources: readonly (readonly [groupVersionKind: object, resourcePlural?: string])[]
): string {
  const config = kubeStateConfig.parse({
    name: 'prod',
    custom_resource_state_only: true,
    custom_resource_state_config: {
      spec: {
        resources: resources.map(([groupVersionKind, resourcePlural]) => ({
          groupVersionKind,
          resourcePlural,
        })),
      },
    },
  });
  return clusterRoleFor([config]).split('rules:\n')[1] ?? '';
}

/** A rule as it stands in the manifest. */
function rule(group: string, resource: string): string {
  return `  - apiGroups:\n      - ${group}\n    resources:\n      - ${resource}\n    verbs:\n      - list\n`;
}

const foo = { group: 'myteam.io', version: 'v1', kind: 'Foo' };

test('the rights are those of the resources', () => {
  expect(rulesFor([foo, 'fools'])).toBe(rule('myteam.io', 'fools'));
});

test('definitions have to be listed where plurals, versions or kinds are not given', () => {
  const definitions = rule('apiextensions.k8s.io', 'customresourcedefinitions');
  expect(rulesFor([foo])).toBe(definitions + rule('myteam.io', 'foos'));
  expect(rulesFor([{ ...foo, version: '*' }, 'fools'])).toBe(definitions + rule('myteam.io', 'fools'));
  expect(rulesFor([{ group: 'other.io' }])).toBe(definitions + rule('other.io', '"*"'));
});
