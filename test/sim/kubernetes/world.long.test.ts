import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { joinedPod } from '../../../lib/backends/kubernetes/roles/pod.ts';
import { decodeWhole } from '../../backends/kubernetes/whole-page.ts';
import { disposable } from './recorded-cluster.ts';

// Two thousand pods are more than the simulator sends in one piece.

test('a list too long for one piece is the same in both forms as its pages', async () => {
  await using fleet = await disposable({ seed: 'long', pods: 2100 });
  for (const accept of ['application/json', 'application/vnd.kubernetes.protobuf']) {
    const list = async (query: string) => {
      const response = await fetch(`${fleet.url}/api/v1/pods${query}`, { headers: { accept } });
      return decodeWhole(joinedPod, new Uint8Array(await response.arrayBuffer()), accept);
    };
    const whole = await list('');
    const items = [];
    for (let token = ''; ; ) {
      const page = await list(`?limit=900${token && `&continue=${token}`}`);
      items.push(...page.items);
      token = page.continueToken;
      if (token === '') break;
    }
    // As texts: comparing thousands of objects member by member takes longer than all the rest.
    expect([items.length, JSON.stringify(items) === JSON.stringify(whole.items)]).toEqual([2100, true]);
  }
});

test('a compressed body is the plain one', async () => {
  await using fleet = await disposable({ seed: 'long', pods: 2100, workloads: 20 });
  const whole = await fetch(`${fleet.url}/api/v1/pods`, { headers: { 'accept-encoding': 'identity' } });
  const compressed = await new Promise<Buffer>((resolve, reject) => {
    request(`${fleet.url}/api/v1/pods`, { headers: { 'accept-encoding': 'gzip' } }, async (response) => {
      resolve(gunzipSync(Buffer.concat(await response.toArray())));
    })
      .once('error', reject)
      .end();
  });
  expect(compressed.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
});
