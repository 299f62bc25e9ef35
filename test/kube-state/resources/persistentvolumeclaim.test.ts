import { describe, expect, test } from '@jest/globals';
import { persistentVolumeClaim } from '../../../lib/kube-state/resources/persistentvolumeclaim.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",persistentvolumeclaim="db"';
const metadata = { name: 'db', namespace: 'shop' };

test('a claim that grows and is being deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { team: 'infra' },
      annotations: { 'volume.kubernetes.io/selected-node': 'node-a' },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '10Gi' }, limits: { storage: '20Gi' } },
      volumeName: 'pv-1',
      storageClassName: 'fast',
      volumeMode: 'Filesystem',
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
    },
    status: {
      phase: 'Bound',
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      capacity: { storage: '5Gi' },
      conditions: [{ type: 'Resizing', status: 'True', lastTransitionTime: '2026-01-31T13:00:00Z' }],
      allocatedResources: { storage: '10Gi' },
      allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    },
  };
  expect(await linesOf(persistentVolumeClaim, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_persistentvolumeclaim_labels{${own},label_team="infra"} 1`,
    `kube_persistentvolumeclaim_annotations{${own},annotation_volume_kubernetes_io_selected_node="node-a"} 1`,
    `kube_persistentvolumeclaim_info{${own},storageclass="fast",volumename="pv-1",volumemode="Filesystem"} 1`,
    `kube_persistentvolumeclaim_status_phase{${own},phase="Lost"} 0`,
    `kube_persistentvolumeclaim_status_phase{${own},phase="Bound"} 1`,
    `kube_persistentvolumeclaim_status_phase{${own},phase="Pending"} 0`,
    `kube_persistentvolumeclaim_resource_requests_storage_bytes{${own}} 1.073741824e+10`,
    `kube_persistentvolumeclaim_access_mode{${own},access_mode="ReadWriteOnce"} 1`,
    `kube_persistentvolumeclaim_status_condition{${own},condition="Resizing",status="true"} 1`,
    `kube_persistentvolumeclaim_status_condition{${own},condition="Resizing",status="false"} 0`,
    `kube_persistentvolumeclaim_status_condition{${own},condition="Resizing",status="unknown"} 0`,
    `kube_persistentvolumeclaim_created{${own}} 1.7698608e+09`,
    `kube_persistentvolumeclaim_deletion_timestamp{${own}} 1.769904e+09`,
  ]);
});

test('a claim with nothing but a name has its information alone', async () => {
  expect(await linesOf(persistentVolumeClaim, { metadata })).toEqual([
    `kube_persistentvolumeclaim_info{${own},storageclass="",volumename="",volumemode=""} 1`,
  ]);
});

describe('its class', () => {
  const beta = (name: string) => ({ annotations: { 'volume.beta.kubernetes.io/storage-class': name } });

  test.each([
    ['is that of the spec', {}, { storageClassName: 'fast' }, 'fast'],
    ['is empty where the spec says so', {}, { storageClassName: '' }, ''],
    ['is that of the old annotation', beta('slow'), {}, 'slow'],
    ['is that of the old annotation before the spec', beta('slow'), { storageClassName: 'fast' }, 'slow'],
    ['is empty where the old annotation says so', beta(''), { storageClassName: 'fast' }, ''],
    [
      'is not that of the annotation without beta',
      { annotations: { 'volume.kubernetes.io/storage-class': 'slow' } },
      { storageClassName: 'fast' },
      'fast',
    ],
  ])('%s', async (_, maps, spec, shown) => {
    expect(await linesOf(persistentVolumeClaim, { metadata: { ...metadata, ...maps }, spec })).toEqual([
      `kube_persistentvolumeclaim_info{${own},storageclass="${shown}",volumename="",volumemode=""} 1`,
    ]);
  });
});

test.each(['Block', 'Filesystem', ''])('its volume mode %j is shown as it is', async (volumeMode) => {
  expect(await linesOf(persistentVolumeClaim, { metadata, spec: { volumeMode } })).toEqual([
    `kube_persistentvolumeclaim_info{${own},storageclass="",volumename="",volumemode="${volumeMode}"} 1`,
  ]);
});

describe('its phase is one of three, none, or no sample at all', () => {
  const families = ['kube_persistentvolumeclaim_status_phase'];
  const phases = ['Lost', 'Bound', 'Pending'];

  test.each([...phases, 'Failed'])('%s', async (phase) => {
    expect(await linesOf(persistentVolumeClaim, { metadata, status: { phase } }, { families })).toEqual(
      phases.map(
        (each) => `kube_persistentvolumeclaim_status_phase{${own},phase="${each}"} ${each === phase ? 1 : 0}`,
      ),
    );
  });

  test('an empty one', async () => {
    const object = { metadata, status: { phase: '' } };
    expect(await linesOf(persistentVolumeClaim, object, { families })).toEqual([]);
  });
});

describe('the storage that it asks for is whole bytes', () => {
  test.each([
    [{ requests: { storage: '1.5Gi' } }, ['1.610612736e+09']],
    [{ requests: { storage: '1m' } }, ['1']],
    [{ requests: { storage: '0' } }, ['0']],
    [{ requests: { cpu: '1' } }, []],
    [{ limits: { storage: '1Gi' } }, []],
    [{}, []],
  ])('%j', async (resources, bytes) => {
    const families = ['kube_persistentvolumeclaim_resource_requests_storage_bytes'];
    expect(await linesOf(persistentVolumeClaim, { metadata, spec: { resources } }, { families })).toEqual(
      bytes.map((value) => `kube_persistentvolumeclaim_resource_requests_storage_bytes{${own}} ${value}`),
    );
  });
});

test('each access mode that it asks for has a sample', async () => {
  const accessModes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];
  const object = { metadata, spec: { accessModes }, status: { accessModes: ['ReadWriteOnce'] } };
  const families = ['kube_persistentvolumeclaim_access_mode'];
  expect(await linesOf(persistentVolumeClaim, object, { families })).toEqual(
    accessModes.map((mode) => `kube_persistentvolumeclaim_access_mode{${own},access_mode="${mode}"} 1`),
  );
});

test('of every condition its status is one of three or none', async () => {
  const conditions = [
    { type: 'FileSystemResizePending', status: 'True' },
    { type: 'ControllerResizeError', status: 'False' },
    { type: 'ModifyingVolume', status: 'Unknown' },
    { type: 'NodeResizeError' },
  ];
  const shown = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
  ];
  const families = ['kube_persistentvolumeclaim_status_condition'];
  expect(await linesOf(persistentVolumeClaim, { metadata, status: { conditions } }, { families })).toEqual(
    conditions.flatMap(({ type }, index) =>
      ['true', 'false', 'unknown'].map(
        (status, column) =>
          `kube_persistentvolumeclaim_status_condition{${own},condition="${type}",status="${status}"} ${shown[index]?.[column]}`,
      ),
    ),
  );
});
