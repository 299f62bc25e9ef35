import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { addParameters, created, parameterLabels, paramRef } from './common.ts';

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
