import { byteLength, list, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/certificatesigningrequest-metrics. */
export const certificateSigningRequest = resource({
  resource: 'certificatesigningrequests',
  apiVersion: 'certificates.k8s.io/v1',
  listKind: 'CertificateSigningRequestList',
  namespaced: false,
  identity: ['certificatesigningrequest', 'signer_name'],
  identify: ({ name, spec }) => [name, spec.signerName],
  fields: {
    spec: struct(2, { signerName: word(7) }),
    status: struct(3, { conditions: list(1, { type: word(1) }), certificate: byteLength(2) }),
  },
  families: [
    annotations('certificatesigningrequest'),
    labels('certificatesigningrequest', { stable: true }),
    created('certificatesigningrequest', { stable: true }),
    {
      name: 'kube_certificatesigningrequest_condition',
      help: 'The number of each certificatesigningrequest condition',
      stable: true,
      labels: ['condition'],
      samples({ status }, add) {
        for (const condition of ['Approved', 'Denied', 'Failed'])
          add(status.conditions.filter(({ type }) => type === condition).length, condition.toLowerCase());
      },
    },
    {
      name: 'kube_certificatesigningrequest_cert_length',
      help: 'Length of the issued cert',
      stable: true,
      value: ({ status }) => status.certificate,
    },
  ],
});
