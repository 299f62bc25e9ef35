import { flag, optionalWord, pairs, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { created, labels, oneIf } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/storage/volumeattachment-metrics. */
export const volumeAttachment = resource({
  resource: 'volumeattachments',
  apiVersion: 'storage.k8s.io/v1',
  listKind: 'VolumeAttachmentList',
  namespaced: false,
  identity: ['volumeattachment'],
  reads: { labels: true },
  fields: {
    spec: struct(2, {
      attacher: word(1),
      source: struct(2, { persistentVolumeName: optionalWord(1) }),
      nodeName: word(3),
    }),
    status: struct(3, { attached: flag(1), attachmentMetadata: pairs(2) }),
  },
  families: [
    { ...labels('volumeattachment'), allowed: 'all' },
    {
      name: 'kube_volumeattachment_info',
      help: 'Information about volumeattachment.',
      labels: ['attacher', 'node'],
      samples: ({ spec }, add) => add(1, spec.attacher, spec.nodeName),
    },
    created('volumeattachment'),
    {
      name: 'kube_volumeattachment_spec_source_persistentvolume',
      help: 'PersistentVolume source reference.',
      labels: ['volumename'],
      samples({ spec: { source } }, add) {
        if (source.persistentVolumeName !== undefined) add(1, source.persistentVolumeName);
      },
    },
    {
      name: 'kube_volumeattachment_status_attached',
      help: 'Information about volumeattachment.',
      value: ({ status }) => oneIf(status.attached),
    },
    {
      name: 'kube_volumeattachment_status_attachment_metadata',
      help: 'volumeattachment metadata.',
      prefix: 'metadata',
      allowed: 'all',
      map: ({ status }) => status.attachmentMetadata,
    },
  ],
});
