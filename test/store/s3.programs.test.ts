import { afterAll, beforeAll } from '@jest/globals';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { describeContract } from './contract.ts';

describeWithPrograms('the S3 store', ['moto'], () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());

  describeContract(async () => {
    const { endpoint } = moto;
    const bucket = await moto.createBucket();
    return () =>
      createS3Store({
        bucket,
        prefix: 'some/where',
        endpoint,
        region: 'us-east-1',
        credentials: motoCredentials,
      });
  });
});
