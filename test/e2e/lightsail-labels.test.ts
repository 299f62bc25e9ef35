import { expect, test } from '@jest/globals';
import { lightsail } from '../../lib/backends/aws/lightsail.ts';
import { stanzaFor, startAwsApi, type Value } from '../backends/aws/api.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';

const instance = (index: number, more: { readonly [key: string]: Value | undefined } = {}) => ({
  arn: `arn:aws:lightsail:eu-west-1:123456789012:Instance/${index}`,
  name: `web-${index}`,
  blueprintId: 'debian_12',
  bundleId: 'nano_3_0',
  supportCode: `123456789012/i-${index}`,
  privateIpAddress: `172.26.0.${index}`,
  location: { availabilityZone: 'eu-west-1a', regionName: 'eu-west-1' },
  state: { code: 16, name: 'running' },
  ...more,
});

const instances = [
  instance(1, { publicIpAddress: '203.0.113.1', ipv6Addresses: ['fd00::1', 'fd00::2'] }),
  instance(2, { state: { code: 80, name: 'stopped' }, ipv6Addresses: [] }),
  instance(3, { privateIpAddress: undefined }),
  instance(4, {
    tags: [
      { key: 'a.b', value: '1' },
      { key: 'a_b', value: '2' },
      { key: 'größe', value: 'ü & <b>' },
      { key: 'only a key' },
      { key: '😀', value: '' },
    ],
  }),
  instance(5, { name: '', blueprintId: '' }),
];

// The emulator of the other services has no Lightsail.
describeWithPrograms('Lightsail, as a real Prometheus sees the same answers', ['promtool'], () => {
  test.each([{}, { port: 9100 }])('every instance has the same labels: %j', async (more) => {
    await using api = await startAwsApi(() => ({ body: { instances } }));
    const stanza = stanzaFor(api, more);
    const ours = targetTexts((await listTargets(lightsail, stanza)).groups);
    expect(ours.length).toBe(4);
    expect(await discoverWithPromtool({ lightsail_sd_configs: [stanza] }, ours.length)).toEqual(ours);
  });

  test('Muster reads all pages, where Prometheus reads the first', async () => {
    await using api = await startAwsApi(({ input }) => ({
      body: input.includes('"pageToken":"2"')
        ? { instances: [instance(2)] }
        : { instances: [instance(1)], nextPageToken: '2' },
    }));
    const { groups, listed } = await listTargets(lightsail, stanzaFor(api));
    expect(groups.map(({ source }) => source.split('/').at(-1))).toEqual(['1', '2']);
    expect(listed).toEqual({ backend: ['123456789012'] });
    expect((await discoverWithPromtool({ lightsail_sd_configs: [stanzaFor(api)] }, 1)).length).toBe(1);
  });
});
