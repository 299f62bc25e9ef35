import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bytes, text } from '../../lib/store/contract/probe.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type RadosGateway, radosCredentials, startRadosGateway } from '../support/rados-gateway.ts';
import { describeContract } from './contract.ts';

describeWithPrograms('the S3 store on Ceph’s gateway', ['radosgw'], () => {
  let gateway: RadosGateway;
  beforeAll(async () => {
    gateway = await startRadosGateway();
  }, 120_000);
  afterAll(() => gateway.stop());

  const makePlace = async () => {
    const { endpoint } = gateway;
    const bucket = await gateway.createBucket();
    const credentials = radosCredentials;
    return () => createS3Store({ bucket, prefix: 'some/where', endpoint, region: 'us-east-1', credentials });
  };

  describeContract(makePlace);

  test('is found to honour conditions with bare etags, once for all later starts', async () => {
    const open = await makePlace();
    await open().verify();
    const store = open();
    await store.verify();
    const first = await store.put('a', bytes('1'), { condition: 'create' });
    await store.put('a', bytes('2'), { condition: first });
    expect(await text(store, 'a')).toBe('2');
  });
});
