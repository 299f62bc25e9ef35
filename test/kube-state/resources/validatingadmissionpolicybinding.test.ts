import { describe, expect, test } from '@jest/globals';
import { validatingAdmissionPolicyBinding } from '../../../lib/kube-state/resources/admissionpolicy.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="",validatingadmissionpolicybinding="everywhere"';

test('a binding with parameters, a match and actions has a sample in every family', async () => {
  const object = {
    metadata: { name: 'everywhere', creationTimestamp: '2026-01-31T12:00:00Z' },
    spec: {
      policyName: 'replicas',
      paramRef: { name: 'five', namespace: 'rules', parameterNotFoundAction: 'Deny' },
      matchResources: { namespaceSelector: { matchLabels: { env: 'test' } }, matchPolicy: 'Exact' },
      validationActions: ['Deny', 'Audit'],
    },
  };
  expect(await linesOf(validatingAdmissionPolicyBinding, object)).toEqual([
    `kube_validatingadmissionpolicybinding_info{${own},policy_name="replicas",param_name="five",param_namespace="rules",param_not_found_action="Deny"} 1`,
    `kube_validatingadmissionpolicybinding_created{${own}} 1.7698608e+09`,
    `kube_validatingadmissionpolicybinding_validation_action{${own},action="Deny"} 1`,
    `kube_validatingadmissionpolicybinding_validation_action{${own},action="Audit"} 1`,
  ]);
});

describe('what it does not say is empty', () => {
  test.each([
    [{}, '', '', '', ''],
    [{ spec: { policyName: 'replicas', validationActions: [] } }, 'replicas', '', '', ''],
    [{ spec: { policyName: 'replicas', paramRef: {} } }, 'replicas', '', '', ''],
    [{ spec: { paramRef: { name: 'cluster-wide' } } }, '', 'cluster-wide', '', ''],
    [
      { spec: { paramRef: { namespace: 'n', selector: {}, parameterNotFoundAction: 'Allow' } } },
      '',
      '',
      'n',
      'Allow',
    ],
  ])('%j', async (fields, policy, name, namespace, action) => {
    const object = { metadata: { name: 'everywhere' }, ...fields };
    expect(await linesOf(validatingAdmissionPolicyBinding, object)).toEqual([
      `kube_validatingadmissionpolicybinding_info{${own},policy_name="${policy}",param_name="${name}",param_namespace="${namespace}",param_not_found_action="${action}"} 1`,
    ]);
  });
});

test.each(['Deny', 'Warn', 'Audit'])('the action %s has a sample', async (action) => {
  const object = { metadata: { name: 'everywhere' }, spec: { validationActions: [action] } };
  const families = ['kube_validatingadmissionpolicybinding_validation_action'];
  expect(await linesOf(validatingAdmissionPolicyBinding, object, { families })).toEqual([
    `kube_validatingadmissionpolicybinding_validation_action{${own},action="${action}"} 1`,
  ]);
});
