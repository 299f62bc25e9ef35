import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { created, paramKind } from './common.ts';

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
