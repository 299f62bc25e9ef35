import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { created, paramKind } from './common.ts';

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
