import { describe, expect, test } from '@jest/globals';
import { pod } from '../../../lib/kube-state/resources/pod.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",pod="web-1",uid="u-1"';
const metadata = { name: 'web-1', namespace: 'shop', uid: 'u-1' };

test('containers are described where specification and status tell of them', async () => {
  const object = {
    metadata,
    spec: {
      containers: [
        { name: 'app', image: 'web:1', restartPolicy: 'Never' },
        { name: 'unknown', image: 'x:1' },
      ],
      initContainers: [
        { name: 'setup', image: 'setup:1' },
        { name: 'mesh', image: 'mesh:1', restartPolicy: 'Always' },
      ],
      ephemeralContainers: [{ name: 'debug', image: 'debug:1' }],
    },
    status: {
      containerStatuses: [
        { name: 'gone', image: 'y:1' },
        { name: 'app', image: 'docker.io/web:1', imageID: 'sha256:1', containerID: 'containerd://1' },
      ],
      initContainerStatuses: [
        { name: 'mesh', image: 'docker.io/mesh:1', imageID: 'sha256:2', containerID: '' },
        { name: 'setup', image: 'docker.io/setup:1', imageID: 'sha256:3', containerID: 'containerd://3' },
      ],
      ephemeralContainerStatuses: [{ name: 'debug', image: 'docker.io/debug:1' }],
    },
  };
  const families = ['kube_pod_container_info', 'kube_pod_init_container_info'];
  expect(await linesOf(pod, object, { families })).toEqual([
    `kube_pod_container_info{${own},container="app",image_spec="web:1",image="docker.io/web:1",image_id="sha256:1",container_id="containerd://1"} 1`,
    `kube_pod_init_container_info{${own},container="setup",image_spec="setup:1",image="docker.io/setup:1",image_id="sha256:3",container_id="containerd://3",restart_policy=""} 1`,
    `kube_pod_init_container_info{${own},container="mesh",image_spec="mesh:1",image="docker.io/mesh:1",image_id="sha256:2",container_id="",restart_policy="Always"} 1`,
  ]);
});

/** Families that are made of what the kubelet says of containers. */
const ofStatus = /^kube_pod_(?:init_)?container_(?:state_|status_)/;

/** Both kinds of containers have the same families but for their names. */
const kinds = [
  ['container', 'containers', 'containerStatuses'],
  ['init_container', 'initContainers', 'initContainerStatuses'],
] as const;

describe.each(kinds)('of each %s', (kind, containers, statuses) => {
  describe.each([
    ['limits', 'kube_pod_container_resource_limits', 'kube_pod_init_container_resource_limits'],
    ['requests', 'kube_pod_container_resource_requests', 'kube_pod_init_container_resource_requests'],
  ])('the %s', (field, ofContainers, ofInitContainers) => {
    const family = kind === 'container' ? ofContainers : ofInitContainers;
    const line = (resource: string, unit: string, value: string, container = 'app') =>
      `${family}{${own},container="${container}",node="n-1",resource="${resource}",unit="${unit}"} ${value}`;

    test.each([
      ['cpu', '250m', [line('cpu', 'core', '0.25')]],
      ['cpu', '0', [line('cpu', 'core', '0')]],
      ['memory', '100M', [line('memory', 'byte', '1e+08')]],
      ['memory', '1500m', [line('memory', 'byte', '2')]],
      ['storage', '4e8', [line('storage', 'byte', '4e+08')]],
      ['ephemeral-storage', '3G', [line('ephemeral_storage', 'byte', '3e+09')]],
      ['hugepages-2Mi', '512Mi', [line('hugepages_2Mi', 'byte', '5.36870912e+08')]],
      ['attachable-volumes-csi-x', '2', [line('attachable_volumes_csi_x', 'byte', '2')]],
      ['nvidia.com/gpu', '1', [line('nvidia_com_gpu', 'integer', '1')]],
      ['nvidia.com/gpu', '1100m', [line('nvidia_com_gpu', 'integer', '2')]],
      [
        'attachable-volumes-x.example.com/y',
        '1',
        [
          line('attachable_volumes_x_example_com_y', 'byte', '1'),
          line('attachable_volumes_x_example_com_y', 'integer', '1'),
        ],
      ],
      ['pods', '1', []],
      ['batteries', '1', []],
      ['kubernetes.io/batteries', '1', []],
    ])('%p of %p', async (name, quantity, lines) => {
      const spec = {
        nodeName: 'n-1',
        [containers]: [{ name: 'app', resources: { [field]: { [name]: quantity } } }],
      };
      expect(await linesOf(pod, { metadata, spec }, { families: [family] })).toEqual(lines);
    });

    test('each container has its own, and the pod as a whole is not asked', async () => {
      const spec = {
        nodeName: 'n-1',
        resources: { [field]: { cpu: '9' } },
        [containers]: [
          { name: 'a', resources: { [field]: { cpu: '1' } } },
          { name: 'b' },
          { name: 'c', resources: { [field]: { cpu: '3' } } },
        ],
      };
      expect(await linesOf(pod, { metadata, spec }, { families: [family] })).toEqual([
        line('cpu', 'core', '1', 'a'),
        line('cpu', 'core', '3', 'c'),
      ]);
    });
  });

  const startedAt = '2026-01-31T12:00:00Z';
  const finishedAt = '2026-02-01T00:00:00Z';
  const families = pod.families.map(({ name }) => name).filter((name) => ofStatus.test(name));
  const prefix = `kube_pod_${kind}`;

  test.each([
    [
      'runs',
      { ready: true, restartCount: 3, started: true, state: { running: { startedAt } } },
      [
        'state_started{} 1.7698608e+09',
        'status_ready{} 1',
        'status_running{} 1',
        'status_terminated{} 0',
        'status_waiting{} 0',
        'status_restarts_total{} 3',
      ],
    ],
    [
      'ran into an error',
      { state: { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt, finishedAt } } },
      [
        'state_started{} 1.7698608e+09',
        'status_ready{} 0',
        'status_running{} 0',
        'status_terminated{} 1',
        'status_terminated_reason{,reason="OOMKilled"} 1',
        'status_waiting{} 0',
        'status_restarts_total{} 0',
      ],
    ],
    [
      'ended for no reason and at no time',
      { state: { terminated: { exitCode: 0 } } },
      [
        'state_started{} -6.21355968e+10',
        'status_ready{} 0',
        'status_running{} 0',
        'status_terminated{} 1',
        'status_terminated_reason{,reason=""} 1',
        'status_waiting{} 0',
        'status_restarts_total{} 0',
      ],
    ],
    [
      'waits after it ended',
      {
        restartCount: 2147483647,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt, finishedAt } },
      },
      [
        'status_last_terminated_reason{,reason="Error"} 1',
        'status_last_terminated_exitcode{} 1',
        'status_last_terminated_timestamp{} 1.769904e+09',
        'status_ready{} 0',
        'status_running{} 0',
        'status_terminated{} 0',
        'status_waiting{} 1',
        'status_waiting_reason{,reason="CrashLoopBackOff"} 1',
        'status_restarts_total{} 2.147483647e+09',
      ],
    ],
    [
      'waits for no reason, after one that ended at no time',
      { state: { waiting: {} }, lastState: { terminated: { exitCode: -1 } } },
      [
        'status_last_terminated_reason{,reason=""} 1',
        'status_last_terminated_exitcode{} -1',
        'status_last_terminated_timestamp{} -6.21355968e+10',
        'status_ready{} 0',
        'status_running{} 0',
        'status_terminated{} 0',
        'status_waiting{} 1',
        'status_waiting_reason{,reason=""} 1',
        'status_restarts_total{} 0',
      ],
    ],
    [
      'is in no state, and ran before',
      { lastState: { running: { startedAt } } },
      [
        'status_ready{} 0',
        'status_running{} 0',
        'status_terminated{} 0',
        'status_waiting{} 0',
        'status_restarts_total{} 0',
      ],
    ],
    [
      'says that it is in every state',
      { state: { running: { startedAt }, terminated: { exitCode: 0, startedAt: finishedAt }, waiting: {} } },
      [
        'state_started{} 1.7698608e+09',
        'status_ready{} 0',
        'status_running{} 1',
        'status_terminated{} 1',
        'status_terminated_reason{,reason=""} 1',
        'status_waiting{} 1',
        'status_waiting_reason{,reason=""} 1',
        'status_restarts_total{} 0',
      ],
    ],
  ])('that %s', async (_what, status, short) => {
    const object = { metadata, status: { [statuses]: [{ name: 'app', ...status }] } };
    expect(await linesOf(pod, object, { families })).toEqual(
      short.map((line) => `${prefix}_${line.replace('{', `{${own},container="app"`)}`),
    );
  });

  test('several are told one after another', async () => {
    const object = {
      metadata,
      status: { [statuses]: [{ name: 'a', ready: true }, { name: 'b' }, { name: 'a', ready: true }] },
    };
    expect(await linesOf(pod, object, { families: [`${prefix}_status_ready`] })).toEqual([
      `${prefix}_status_ready{${own},container="a"} 1`,
      `${prefix}_status_ready{${own},container="b"} 0`,
      `${prefix}_status_ready{${own},container="a"} 1`,
    ]);
  });
});
