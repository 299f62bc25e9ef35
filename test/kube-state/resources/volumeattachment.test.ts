import { describe, expect, test } from '@jest/globals';
import { volumeAttachment } from '../../../lib/kube-state/resources/volumeattachment.ts';
import { linesOf } from './harness.ts';

const own = 'volumeattachment="csi-1"';
const metadata = { name: 'csi-1' };

test('an attachment with nothing but a name is not attached', async () => {
  expect(await linesOf(volumeAttachment, { metadata })).toEqual([
    `kube_volumeattachment_labels{${own}} 1`,
    `kube_volumeattachment_info{${own},attacher="",node=""} 1`,
    `kube_volumeattachment_status_attached{${own}} 0`,
    `kube_volumeattachment_status_attachment_metadata{${own}} 1`,
  ]);
});

describe('its volume is shown where it is one by name', () => {
  test.each([
    ['by name', { persistentVolumeName: 'pv-1' }, ['pv-1']],
    ['by an empty name', { persistentVolumeName: '' }, ['']],
    ['described in place', { inlineVolumeSpec: { csi: { driver: 'd', volumeHandle: 'h' } } }, []],
    ['not at all', {}, []],
  ])('%s', async (_, source, shown) => {
    const families = ['kube_volumeattachment_spec_source_persistentvolume'];
    expect(await linesOf(volumeAttachment, { metadata, spec: { source } }, { families })).toEqual(
      shown.map(
        (name) => `kube_volumeattachment_spec_source_persistentvolume{${own},volumename="${name}"} 1`,
      ),
    );
  });
});

test('an attachment that failed is not attached', async () => {
  const error = { time: '2026-01-31T12:00:00Z', message: 'no such volume' };
  const object = { metadata, status: { attached: false, attachError: error, detachError: error } };
  const families = ['kube_volumeattachment_status_attached'];
  expect(await linesOf(volumeAttachment, object, { families })).toEqual([
    `kube_volumeattachment_status_attached{${own}} 0`,
  ]);
});

test('metadata that come to one name get a suffix each', async () => {
  const attachmentMetadata = { 'dev-path': 'a', 'dev.path': 'b', devPath: 'c "d"', '': 'e' };
  const families = ['kube_volumeattachment_status_attachment_metadata'];
  expect(await linesOf(volumeAttachment, { metadata, status: { attachmentMetadata } }, { families })).toEqual(
    [
      `kube_volumeattachment_status_attachment_metadata{${own},metadata_="e",metadata_dev_path_conflict1="a",metadata_dev_path_conflict2="b",metadata_dev_path_conflict3="c \\"d\\""} 1`,
    ],
  );
});
