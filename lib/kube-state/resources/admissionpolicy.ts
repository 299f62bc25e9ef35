import { pointer, strings, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import type { Add } from '../text/family.ts';
import { created } from './common.ts';

/** `ParamKind` of an admission policy. */
const paramKind = pointer(1, { apiVersion: word(1), kind: word(2) });

/** `ParamRef` of a binding. */
const paramRef = pointer(2, { name: word(1), namespace: word(2), parameterNotFoundAction: word(4) });

/** Labels of `addParameters`. */
const parameterLabels = ['policy_name', 'param_name', 'param_namespace', 'param_not_found_action'];

/** Source: kube-state-metrics, docs/metrics/policy/mutatingadmissionpolicy-metrics. */
export const mutatingAdmissionPolicy = resource({
  resource: 'mutatingadmissionpolicies',
  apiVersion: 'admissionregistration.k8s.io/v1',
  listKind: 'MutatingAdmissionPolicyList',
  namespaced: false,
  mayBeMissing: true,
  identity: ['namespace', 'mutatingadmissionpolicy'],
  fields: { spec: struct(2, { paramKind, failurePolicy: word(5), reinvocationPolicy: word(7) }) },
  families: [
    {
      name: 'kube_mutatingadmissionpolicy_info',
      help: 'Information about the MutatingAdmissionPolicy.',
      labels: ['param_api_version', 'param_kind', 'failure_policy', 'reinvocation_policy'],
      samples({ spec }, add) {
        const { apiVersion = '', kind = '' } = spec.paramKind ?? {};
        add(1, apiVersion, kind, spec.failurePolicy, spec.reinvocationPolicy);
      },
    },
    created('mutatingadmissionpolicy', { help: 'Unix creation timestamp.' }),
  ],
});

/** Source: kube-state-metrics, docs/metrics/policy/validatingadmissionpolicy-metrics. */
export const validatingAdmissionPolicy = resource({
  resource: 'validatingadmissionpolicies',
  apiVersion: 'admissionregistration.k8s.io/v1',
  listKind: 'ValidatingAdmissionPolicyList',
  namespaced: false,
  mayBeMissing: true,
  identity: ['namespace', 'validatingadmissionpolicy'],
  fields: { spec: struct(2, { paramKind, failurePolicy: word(4) }) },
  families: [
    {
      name: 'kube_validatingadmissionpolicy_info',
      help: 'Information about the ValidatingAdmissionPolicy.',
      labels: ['param_api_version', 'param_kind', 'failure_policy'],
      samples({ spec }, add) {
        const { apiVersion = '', kind = '' } = spec.paramKind ?? {};
        add(1, apiVersion, kind, spec.failurePolicy);
      },
    },
    created('validatingadmissionpolicy', { help: 'Unix creation timestamp.' }),
  ],
});

/** Source: kube-state-metrics, docs/metrics/policy/mutatingadmissionpolicybinding-metrics. */
export const mutatingAdmissionPolicyBinding = resource({
  resource: 'mutatingadmissionpolicybindings',
  apiVersion: 'admissionregistration.k8s.io/v1',
  listKind: 'MutatingAdmissionPolicyBindingList',
  namespaced: false,
  mayBeMissing: true,
  identity: ['namespace', 'mutatingadmissionpolicybinding'],
  fields: { spec: struct(2, { policyName: word(1), paramRef }) },
  families: [
    {
      name: 'kube_mutatingadmissionpolicybinding_info',
      help: 'Information about the MutatingAdmissionPolicyBinding.',
      labels: parameterLabels,
      samples: ({ spec }, add) => addParameters(spec, add),
    },
    created('mutatingadmissionpolicybinding', { help: 'Unix creation timestamp.' }),
  ],
});

/** Source: kube-state-metrics, docs/metrics/policy/validatingadmissionpolicybinding-metrics. */
export const validatingAdmissionPolicyBinding = resource({
  resource: 'validatingadmissionpolicybindings',
  apiVersion: 'admissionregistration.k8s.io/v1',
  listKind: 'ValidatingAdmissionPolicyBindingList',
  namespaced: false,
  mayBeMissing: true,
  identity: ['namespace', 'validatingadmissionpolicybinding'],
  fields: { spec: struct(2, { policyName: word(1), paramRef, validationActions: strings(4) }) },
  families: [
    {
      name: 'kube_validatingadmissionpolicybinding_info',
      help: 'Information about the ValidatingAdmissionPolicyBinding.',
      labels: parameterLabels,
      samples: ({ spec }, add) => addParameters(spec, add),
    },
    created('validatingadmissionpolicybinding', { help: 'Unix creation timestamp.' }),
    {
      name: 'kube_validatingadmissionpolicybinding_validation_action',
      help: 'Validation actions for the ValidatingAdmissionPolicyBinding.',
      labels: ['action'],
      samples({ spec }, add) {
        for (const action of spec.validationActions) add(1, action);
      },
    },
  ],
});

/** Adds a sample with the policy of a binding and its parameters. */
function addParameters(
  spec: { readonly policyName: string; readonly paramRef: (typeof paramRef)['empty'] },
  add: Add,
): void {
  const { name = '', namespace = '', parameterNotFoundAction = '' } = spec.paramRef ?? {};
  add(1, spec.policyName, name, namespace, parameterNotFoundAction);
}
