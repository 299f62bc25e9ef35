import { describe, expect, test } from '@jest/globals';
import { pod } from '../../../lib/kube-state/resources/pod.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",pod="web-1",uid="u-1"';
const metadata = { name: 'web-1', namespace: 'shop', uid: 'u-1' };

test('a pod of which nothing is known has samples of what is never absent', async () => {
  expect(await linesOf(pod, { metadata }, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_pod_info{${own},host_ip="",pod_ip="",node="",created_by_kind="",created_by_name="",priority_class="",host_network="false"} 1`,
    `kube_pod_annotations{${own}} 1`,
    `kube_pod_labels{${own}} 1`,
    `kube_pod_owner{${own},owner_kind="",owner_name="",owner_is_controller=""} 1`,
    `kube_pod_restart_policy{${own},type=""} 1`,
    `kube_pod_nodeselectors{${own}} 1`,
    `kube_pod_service_account{${own},service_account=""} 1`,
    `kube_pod_scheduler{${own},name=""} 1`,
  ]);
});

test('a pod whose containers were started anew, and which is being evicted, has a sample in every family of containers', async () => {
  const startedAt = '2026-01-31T12:00:00Z';
  const finishedAt = '2026-02-01T00:00:00Z';
  const requests = { cpu: '1', memory: '1Ki' };
  const condition = { status: 'True', lastTransitionTime: startedAt };
  const again = (name: string) => [
    {
      name,
      image: 'x:1',
      imageID: 'sha256:1',
      containerID: 'cri-o://1',
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', startedAt, finishedAt } },
    },
    { name: 'done', state: { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt } } },
  ];
  const object = {
    metadata: { ...metadata, creationTimestamp: startedAt, deletionTimestamp: finishedAt },
    spec: {
      containers: [{ name: 'app', image: 'x', resources: { limits: requests, requests } }],
      initContainers: [
        { name: 'mesh', image: 'x', restartPolicy: 'Always', resources: { limits: requests, requests } },
      ],
    },
    status: {
      phase: 'Failed',
      qosClass: 'Guaranteed',
      reason: 'Evicted',
      startTime: startedAt,
      podIPs: [{ ip: '10.0.0.7' }],
      conditions: [
        { ...condition, type: 'DisruptionTarget', reason: 'TerminationByKubelet' },
        { ...condition, type: 'ContainersReady' },
      ],
      containerStatuses: again('app'),
      initContainerStatuses: again('mesh'),
    },
  };
  const families = pod.families.map(({ name }) => name).filter((name) => /container|_time$/.test(name));
  const app = `${own},container="app"`;
  const mesh = `${own},container="mesh"`;
  const done = `${own},container="done"`;
  expect(await linesOf(pod, object, { families })).toEqual([
    `kube_pod_completion_time{${own}} 1.769904e+09`,
    `kube_pod_container_info{${app},image_spec="x",image="x:1",image_id="sha256:1",container_id="cri-o://1"} 1`,
    `kube_pod_container_resource_limits{${app},node="",resource="cpu",unit="core"} 1`,
    `kube_pod_container_resource_limits{${app},node="",resource="memory",unit="byte"} 1024`,
    `kube_pod_container_resource_requests{${app},node="",resource="cpu",unit="core"} 1`,
    `kube_pod_container_resource_requests{${app},node="",resource="memory",unit="byte"} 1024`,
    `kube_pod_container_state_started{${done}} 1.7698608e+09`,
    `kube_pod_container_status_last_terminated_reason{${app},reason="Error"} 1`,
    `kube_pod_container_status_last_terminated_exitcode{${app}} 3`,
    `kube_pod_container_status_last_terminated_timestamp{${app}} 1.769904e+09`,
    `kube_pod_container_status_ready{${app}} 0`,
    `kube_pod_container_status_ready{${done}} 0`,
    `kube_pod_container_status_running{${app}} 0`,
    `kube_pod_container_status_running{${done}} 0`,
    `kube_pod_container_status_terminated{${app}} 0`,
    `kube_pod_container_status_terminated{${done}} 1`,
    `kube_pod_container_status_terminated_reason{${done},reason="Completed"} 1`,
    `kube_pod_container_status_waiting{${app}} 1`,
    `kube_pod_container_status_waiting{${done}} 0`,
    `kube_pod_container_status_waiting_reason{${app},reason="CrashLoopBackOff"} 1`,
    `kube_pod_container_status_restarts_total{${app}} 2`,
    `kube_pod_container_status_restarts_total{${done}} 0`,
    `kube_pod_init_container_info{${mesh},image_spec="x",image="x:1",image_id="sha256:1",container_id="cri-o://1",restart_policy="Always"} 1`,
    `kube_pod_init_container_resource_limits{${mesh},node="",resource="cpu",unit="core"} 1`,
    `kube_pod_init_container_resource_limits{${mesh},node="",resource="memory",unit="byte"} 1024`,
    `kube_pod_init_container_resource_requests{${mesh},node="",resource="cpu",unit="core"} 1`,
    `kube_pod_init_container_resource_requests{${mesh},node="",resource="memory",unit="byte"} 1024`,
    `kube_pod_init_container_state_started{${done}} 1.7698608e+09`,
    `kube_pod_init_container_status_last_terminated_reason{${mesh},reason="Error"} 1`,
    `kube_pod_init_container_status_last_terminated_exitcode{${mesh}} 3`,
    `kube_pod_init_container_status_last_terminated_timestamp{${mesh}} 1.769904e+09`,
    `kube_pod_init_container_status_ready{${mesh}} 0`,
    `kube_pod_init_container_status_ready{${done}} 0`,
    `kube_pod_init_container_status_running{${mesh}} 0`,
    `kube_pod_init_container_status_running{${done}} 0`,
    `kube_pod_init_container_status_terminated{${mesh}} 0`,
    `kube_pod_init_container_status_terminated{${done}} 1`,
    `kube_pod_init_container_status_terminated_reason{${done},reason="Completed"} 1`,
    `kube_pod_init_container_status_waiting{${mesh}} 1`,
    `kube_pod_init_container_status_waiting{${done}} 0`,
    `kube_pod_init_container_status_waiting_reason{${mesh},reason="CrashLoopBackOff"} 1`,
    `kube_pod_init_container_status_restarts_total{${mesh}} 2`,
    `kube_pod_init_container_status_restarts_total{${done}} 0`,
    `kube_pod_start_time{${own}} 1.7698608e+09`,
    `kube_pod_status_container_ready_time{${own}} 1.7698608e+09`,
  ]);
});

test('the families of labels and annotations are empty where none are allowed', async () => {
  const object = { metadata: { ...metadata, labels: { app: 'web' }, annotations: { note: '1' } } };
  expect(await linesOf(pod, object, { families: ['kube_pod_labels', 'kube_pod_annotations'] })).toEqual([]);
});

describe('times', () => {
  const families = ['kube_pod_created', 'kube_pod_deletion_timestamp', 'kube_pod_start_time'];

  test.each([
    [
      'in seconds',
      '2026-01-31T12:00:00Z',
      [
        `kube_pod_created{${own}} 1.7698608e+09`,
        `kube_pod_deletion_timestamp{${own}} 1.7698608e+09`,
        `kube_pod_start_time{${own}} 1.7698608e+09`,
      ],
    ],
    [
      'in another zone',
      '2026-01-31T14:00:00+02:00',
      [
        `kube_pod_created{${own}} 1.7698608e+09`,
        `kube_pod_deletion_timestamp{${own}} 1.7698608e+09`,
        `kube_pod_start_time{${own}} 1.7698608e+09`,
      ],
    ],
    [
      'at the beginning of Unix time',
      '1970-01-01T00:00:00Z',
      [
        `kube_pod_created{${own}} 0`,
        `kube_pod_deletion_timestamp{${own}} 0`,
        `kube_pod_start_time{${own}} 0`,
      ],
    ],
  ])('%s', async (_what, time, lines) => {
    const object = {
      metadata: { ...metadata, creationTimestamp: time, deletionTimestamp: time },
      status: { startTime: time },
    };
    expect(await linesOf(pod, object, { families })).toEqual(lines);
  });
});

describe('completion', () => {
  const family = 'kube_pod_completion_time';
  const done = (finishedAt: string) => ({ state: { terminated: { exitCode: 0, finishedAt } } });

  test.each([
    ['none while nothing ended', [{ state: { running: {} } }, {}], []],
    ['none of one that ended at no time', [{ state: { terminated: { exitCode: 1 } } }], []],
    ['none of one that ended in 1969', [done('1969-12-31T23:59:00Z')], []],
    ['that of the one container', [done('2026-01-31T12:00:00Z')], [`${family}{${own}} 1.7698608e+09`]],
    [
      'the last of several, though one still runs',
      [
        done('2026-01-31T12:00:00Z'),
        done('2026-02-01T00:00:00Z'),
        { state: { running: {} } },
        done('2026-01-31T13:00:00Z'),
      ],
      [`${family}{${own}} 1.769904e+09`],
    ],
  ])('%s', async (_what, containerStatuses, lines) => {
    const status = { containerStatuses, initContainerStatuses: [done('2030-01-01T00:00:00Z')] };
    expect(await linesOf(pod, { metadata, status }, { families: [family] })).toEqual(lines);
  });
});

describe('who made it', () => {
  const deployment = { kind: 'ReplicaSet', name: 'web', controller: true };
  const audit = { kind: 'Audit', name: 'log', controller: false };
  const team = { kind: 'Team', name: 'infra' };
  const owner = (kind: string, name: string, controller: string) =>
    `kube_pod_owner{${own},owner_kind="${kind}",owner_name="${name}",owner_is_controller="${controller}"} 1`;

  test.each([
    ['one controller', [deployment], 'ReplicaSet', 'web', [owner('ReplicaSet', 'web', 'true')]],
    [
      'owners, none of them the controller',
      [audit, team],
      '',
      '',
      [owner('Audit', 'log', 'false'), owner('Team', 'infra', 'false')],
    ],
    [
      'two that say so: the first',
      [team, deployment, { ...audit, controller: true }],
      'ReplicaSet',
      'web',
      [owner('Team', 'infra', 'false'), owner('ReplicaSet', 'web', 'true'), owner('Audit', 'log', 'true')],
    ],
    ['one without a name', [{ controller: true }], '', '', [owner('', '', 'true')]],
  ])('%s', async (_what, ownerReferences, kind, name, owners) => {
    const object = {
      metadata: { ...metadata, ownerReferences },
      spec: { nodeName: 'n-1', priorityClassName: 'high', hostNetwork: true },
      status: { hostIP: '192.168.1.5', podIP: '10.0.0.7' },
    };
    expect(await linesOf(pod, object, { families: ['kube_pod_info', 'kube_pod_owner'] })).toEqual([
      `kube_pod_info{${own},host_ip="192.168.1.5",pod_ip="10.0.0.7",node="n-1",created_by_kind="${kind}",created_by_name="${name}",priority_class="high",host_network="true"} 1`,
      ...owners,
    ]);
  });
});

describe('addresses', () => {
  test.each([
    ['10.0.0.7', '4'],
    ['fd00::7', '6'],
    ['::', '6'],
    ['::ffff:10.0.0.7', '4'],
    ['::FFFF:a00:7', '4'],
    ['0:0:0:0:0:ffff:10.0.0.7', '4'],
    ['::ffff:0:10.0.0.7', '6'],
    ['64:ff9b::10.0.0.7', '6'],
    ['fe80::1%eth0', '6'],
  ])('%s is of version %s', async (ip, version) => {
    const object = { metadata, status: { podIPs: [{ ip }] } };
    expect(await linesOf(pod, object, { families: ['kube_pod_ips'] })).toEqual([
      `kube_pod_ips{${own},ip="${ip}",ip_family="${version}"} 1`,
    ]);
  });

  test('that are none are left out', async () => {
    const podIPs = [
      '',
      'localhost',
      '10.0.0',
      '10.0.0.256',
      '010.0.0.1',
      'fd00:::7',
      '10.0.0.8',
      '1.2.3.4:80',
    ].map((ip) => ({ ip }));
    expect(await linesOf(pod, { metadata, status: { podIPs } }, { families: ['kube_pod_ips'] })).toEqual([
      `kube_pod_ips{${own},ip="10.0.0.8",ip_family="4"} 1`,
    ]);
  });
});
