import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { writeTombstone } from '../../lib/cycle/tombstone.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { listText, storeId } from '../support/bucket.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { makeWorkplace } from '../support/workplace.ts';

describeWithPrograms('S3 notifications through SQS', ['moto'], () => {
  let moto: Moto;
  let s3: S3Client;
  let sqs: SQSClient;
  beforeAll(async () => {
    moto = await startMoto({ threaded: true });
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    s3 = new S3Client({ ...options, forcePathStyle: true });
    sqs = new SQSClient(options);
  });
  afterAll(async () => {
    s3?.destroy();
    sqs?.destroy();
    await moto?.stop();
  });

  test('a change is mirrored long before the next poll, and its message removed; a foreign one stays', async () => {
    const bucket = await moto.createBucket();
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: bucket }));
    const QueueArn = `arn:aws:sqs:us-east-1:123456789012:${bucket}`;
    const events = { QueueArn, Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const] };
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        NotificationConfiguration: { QueueConfigurations: [events] },
      }),
    );
    const store = createS3Store({
      bucket,
      prefix: 'muster',
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: motoCredentials,
    });
    const publish = (key: string, address: string) =>
      store.put(key, Buffer.from(JSON.stringify([{ targets: [address] }])), { condition: 'any' });
    await publish('targets/api/dns-0.json', 'a:1');
    await using place = await makeWorkplace({});
    await using running = place.start(
      ['sync', '--from', `s3://${bucket}/muster`, '--to', 'to', '--interval', '1h', '--sqs', QueueUrl],
      { env: moto.env },
    );
    await running.waitFor(/target file written/);
    const web = { job: 'web', provider: 'dns-0' };
    await store.put('targets/web/dns-0.json', Buffer.from(listText(1, ['b:1'])), { condition: 'any' });
    await running.waitFor(/path=web\/dns-0\.json/);
    const at = new Date().toISOString();
    await writeTombstone(store, { ...web, store: storeId, version: 2, at, run: 'r' });
    await store.delete('targets/web/dns-0.json');
    await running.waitFor(/target file removed" path=web\/dns-0\.json/);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"order": 7}' }));
    await running.waitFor(/holds messages that are not S3 notifications; they stay in it" count=1/);
    expect(await place.files('to')).toEqual(['api/dns-0.json']);
    expect((await running.stop()).code).toBe(0);
    const seen = await countMessages(QueueUrl);
    expect(seen).toEqual({ waiting: 0, taken: 1 });
    await store[Symbol.asyncDispose]();
  });
});

/** Not by the SDK: moto's answer to it has another form than that of SQS. */
async function countMessages(url: string): Promise<{ waiting: number; taken: number }> {
  const count = async (name: string) => {
    const answer = await fetch(new URL('/', url), {
      method: 'POST',
      headers: {
        'x-amz-target': 'AmazonSQS.GetQueueAttributes',
        'content-type': 'application/x-amz-json-1.0',
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request',
      },
      body: JSON.stringify({ QueueUrl: url, AttributeNames: [name] }),
    });
    const { Attribute } = z
      .object({ Attribute: z.object({ Value: z.coerce.number() }) })
      .parse(await answer.json());
    return Attribute.Value;
  };
  return {
    waiting: await count('ApproximateNumberOfMessages'),
    taken: await count('ApproximateNumberOfMessagesNotVisible'),
  };
}
