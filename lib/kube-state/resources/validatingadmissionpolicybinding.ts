import { strings, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { addParameters, created, parameterLabels, paramRef } from './common.ts';

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
