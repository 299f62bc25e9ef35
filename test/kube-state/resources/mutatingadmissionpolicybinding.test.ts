import { describe, expect, test } from '@jest/globals';
import { mutatingAdmissionPolicyBinding } from '../../../lib/kube-state/resources/admissionpolicy.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="",mutatingadmissionpolicybinding="everywhere"';

test('a binding with parameters and a match has a sample in every family', async () => {
  const object = {
    metadata: { name: 'everywhere', creationTimestamp: '2026-01-31T12:00:00Z' },
    spec: {
      policyName: 'sidecar',
      paramRef: { name: 'meshed', namespace: 'mesh', parameterNotFoundAction: 'Deny' },
      matchResources: { namespaceSelector: { matchLabels: { mesh: 'on' } }, matchPolicy: 'Equivalent' },
    },
  };
  expect(await linesOf(mutatingAdmissionPolicyBinding, object)).toEqual([
    `kube_mutatingadmissionpolicybinding_info{${own},policy_name="sidecar",param_name="meshed",param_namespace="mesh",param_not_found_action="Deny"} 1`,
    `kube_mutatingadmissionpolicybinding_created{${own}} 1.7698608e+09`,
  ]);
});

describe('what it does not say is empty', () => {
  test.each([
    [{}, '', '', '', ''],
    [{ spec: { policyName: 'sidecar' } }, 'sidecar', '', '', ''],
    [{ spec: { policyName: 'sidecar', paramRef: {} } }, 'sidecar', '', '', ''],
    [{ spec: { paramRef: { name: 'cluster-wide' } } }, '', 'cluster-wide', '', ''],
    [
      {
        spec: {
          paramRef: {
            namespace: 'n',
            selector: { matchLabels: { a: 'b' } },
            parameterNotFoundAction: 'Allow',
          },
        },
      },
      '',
      '',
      'n',
      'Allow',
    ],
  ])('%j', async (fields, policy, name, namespace, action) => {
    expect(
      await linesOf(mutatingAdmissionPolicyBinding, { metadata: { name: 'everywhere' }, ...fields }),
    ).toEqual([
      `kube_mutatingadmissionpolicybinding_info{${own},policy_name="${policy}",param_name="${name}",param_namespace="${namespace}",param_not_found_action="${action}"} 1`,
    ]);
  });
});
