import { describe, expect, test } from '@jest/globals';
import { pod } from '../../../lib/kube-state/resources/pod.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",pod="web-1",uid="u-1"';
const metadata = { name: 'web-1', namespace: 'shop', uid: 'u-1' };

describe('overhead', () => {
  const families = ['kube_pod_overhead_cpu_cores', 'kube_pod_overhead_memory_bytes'];

  test.each([
    ['none', undefined, []],
    ['of nothing that counts', { 'example.com/gpu': '1' }, []],
    [
      'of both',
      { memory: '120Mi', cpu: '250m' },
      [`kube_pod_overhead_cpu_cores{${own}} 0.25`, `kube_pod_overhead_memory_bytes{${own}} 1.2582912e+08`],
    ],
    ['of parts of a byte', { memory: '1500m' }, [`kube_pod_overhead_memory_bytes{${own}} 2`]],
    ['of no core', { cpu: '0' }, [`kube_pod_overhead_cpu_cores{${own}} 0`]],
  ])('%s', async (_what, overhead, lines) => {
    const object = { metadata, spec: { ...(overhead && { overhead }) } };
    expect(await linesOf(pod, object, { families })).toEqual(lines);
  });
});

describe('a claim for a device', () => {
  const family = 'kube_pod_resourceclaim_info';
  const line = (claim: string, name: string, template: string) =>
    `kube_pod_resourceclaim_info{${own},claim_name="${claim}",resourceclaim_name="${name}",resourceclaim_template_name="${template}"} 1`;

  test.each([
    ['by its name', { resourceClaimName: 'gpu-1' }, [], [line('gpu', 'gpu-1', '')]],
    ['by a template, not yet made', { resourceClaimTemplateName: 'gpus' }, [], [line('gpu', '', 'gpus')]],
    [
      'by a template, made',
      { resourceClaimTemplateName: 'gpus' },
      [
        { name: 'other', resourceClaimName: 'o-1' },
        { name: 'gpu', resourceClaimName: 'web-1-gpu' },
      ],
      [line('gpu', 'web-1-gpu', 'gpus')],
    ],
    [
      'by a template, made without a name',
      { resourceClaimTemplateName: 'gpus' },
      [{ name: 'gpu', resourceClaimName: 'web-1-gpu' }, { name: 'gpu' }],
      [line('gpu', 'web-1-gpu', 'gpus')],
    ],
    [
      'by both: its name wins over what was made',
      { resourceClaimName: 'gpu-1', resourceClaimTemplateName: 'gpus' },
      [{ name: 'gpu', resourceClaimName: 'web-1-gpu' }],
      [line('gpu', 'gpu-1', 'gpus')],
    ],
    ['by neither', {}, [{ name: 'gpu', resourceClaimName: 'web-1-gpu' }], []],
    ['by an empty name', { resourceClaimName: '' }, [], [line('gpu', '', '')]],
  ])('%s', async (_what, reference, resourceClaimStatuses, lines) => {
    const spec = { resourceClaims: [{ name: 'gpu', ...reference }] };
    expect(
      await linesOf(pod, { metadata, spec, status: { resourceClaimStatuses } }, { families: [family] }),
    ).toEqual(lines);
  });
});

test.each(['Always', 'OnFailure', 'Never'])('restarts %s', async (restartPolicy) => {
  const object = { metadata, spec: { restartPolicy } };
  expect(await linesOf(pod, object, { families: ['kube_pod_restart_policy'] })).toEqual([
    `kube_pod_restart_policy{${own},type="${restartPolicy}"} 1`,
  ]);
});

test.each([
  ['kata', [`kube_pod_runtimeclass_name_info{${own},runtimeclass_name="kata"} 1`]],
  ['', [`kube_pod_runtimeclass_name_info{${own},runtimeclass_name=""} 1`]],
  [null, []],
])('runs in the runtime class %p', async (runtimeClassName, lines) => {
  const object = { metadata, spec: { ...(runtimeClassName !== null && { runtimeClassName }) } };
  expect(await linesOf(pod, object, { families: ['kube_pod_runtimeclass_name_info'] })).toEqual(lines);
});

test('says its account and its scheduler', async () => {
  const object = { metadata, spec: { serviceAccountName: 'web', schedulerName: 'mine' } };
  expect(
    await linesOf(pod, object, { families: ['kube_pod_service_account', 'kube_pod_scheduler'] }),
  ).toEqual([
    `kube_pod_service_account{${own},service_account="web"} 1`,
    `kube_pod_scheduler{${own},name="mine"} 1`,
  ]);
});

test('of its volumes those with a claim are told, one that is made for the pod by the name it gets', async () => {
  const volumes = [
    { name: 'scratch', emptyDir: {} },
    { name: 'data', persistentVolumeClaim: { claimName: 'db' } },
    { name: 'photos', persistentVolumeClaim: { claimName: 'album', readOnly: true } },
    { name: 'cache', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } } } } },
    { name: 'bare', ephemeral: {} },
    { name: 'both', persistentVolumeClaim: {}, ephemeral: {} },
    { name: 'config', configMap: { name: 'web' } },
  ];
  const info = `kube_pod_spec_volumes_persistentvolumeclaims_info{${own}`;
  const readOnly = `kube_pod_spec_volumes_persistentvolumeclaims_readonly{${own}`;
  const families = [
    'kube_pod_spec_volumes_persistentvolumeclaims_info',
    'kube_pod_spec_volumes_persistentvolumeclaims_readonly',
  ];
  expect(await linesOf(pod, { metadata, spec: { volumes } }, { families })).toEqual([
    `${info},volume="data",persistentvolumeclaim="db",ephemeral="false"} 1`,
    `${info},volume="photos",persistentvolumeclaim="album",ephemeral="false"} 1`,
    `${info},volume="cache",persistentvolumeclaim="web-1-cache",ephemeral="true"} 1`,
    `${info},volume="bare",persistentvolumeclaim="web-1-bare",ephemeral="true"} 1`,
    `${info},volume="both",persistentvolumeclaim="",ephemeral="false"} 1`,
    `${readOnly},volume="data",persistentvolumeclaim="db",ephemeral="false"} 0`,
    `${readOnly},volume="photos",persistentvolumeclaim="album",ephemeral="false"} 1`,
    `${readOnly},volume="cache",persistentvolumeclaim="web-1-cache",ephemeral="true"} 0`,
    `${readOnly},volume="bare",persistentvolumeclaim="web-1-bare",ephemeral="true"} 0`,
    `${readOnly},volume="both",persistentvolumeclaim="",ephemeral="false"} 0`,
  ]);
});

describe('tolerations', () => {
  const family = 'kube_pod_tolerations';
  const line = (key: string, operator: string, value: string, effect: string, seconds: string) =>
    `kube_pod_tolerations{${own},key="${key}",operator="${operator}",value="${value}",effect="${effect}",toleration_seconds="${seconds}"} 1`;

  test.each([
    ['of everything', {}, line('', '', '', '', '')],
    ['of everything, said', { operator: 'Exists' }, line('', 'Exists', '', '', '')],
    [
      'of one taint for a while',
      { key: 'k', operator: 'Equal', value: 'v', effect: 'NoExecute', tolerationSeconds: 300 },
      line('k', 'Equal', 'v', 'NoExecute', '300'),
    ],
    ['for no time', { key: 'k', tolerationSeconds: 0 }, line('k', '', '', '', '0')],
    ['for less than none', { key: 'k', tolerationSeconds: -5 }, line('k', '', '', '', '-5')],
    [
      'for longer than a JavaScript number can count',
      { key: 'k', tolerationSeconds: 2 ** 62 },
      line('k', '', '', '', '4611686018427387904'),
    ],
    [
      'for the least number',
      { key: 'k', tolerationSeconds: -(2 ** 63) },
      line('k', '', '', '', '-9223372036854775808'),
    ],
    ['of a number', { key: 'k', operator: 'Gt', value: '5' }, line('k', 'Gt', '5', '', '')],
  ])('%s', async (_what, toleration, text) => {
    expect(
      await linesOf(pod, { metadata, spec: { tolerations: [toleration] } }, { families: [family] }),
    ).toEqual([text]);
  });

  test('that are alike are told once', async () => {
    const tolerations = [
      { key: 'a', operator: 'Exists' },
      { key: 'a', operator: 'Exists', tolerationSeconds: 1 },
      { key: 'b', operator: 'Exists' },
      { key: 'a', operator: 'Exists', tolerationSeconds: 1 },
      { key: 'a', operator: 'Exists' },
    ];
    expect(await linesOf(pod, { metadata, spec: { tolerations } }, { families: [family] })).toEqual([
      line('a', 'Exists', '', '', ''),
      line('a', 'Exists', '', '', '1'),
      line('b', 'Exists', '', '', ''),
    ]);
  });
});
