import * as z from 'zod';

/** An object that a notification speaks of. */
export interface ChangedObject {
  readonly bucket: string;
  readonly key: string;
}

/**
 * The objects that a message of the queue speaks of: S3's own notification, the same through SNS, or EventBridge's. A
 * test message of S3 speaks of none. `undefined` where the message is none of these.
 */
export function readNotification(body: string): readonly ChangedObject[] | undefined {
  const message = notification.safeParse(parseJson(body)).data;
  if (message === undefined) return undefined;
  if ('Message' in message) return readNotification(message.Message);
  if ('Event' in message) return [];
  if ('detail' in message) return [{ bucket: message.detail.bucket.name, key: message.detail.object.key }];
  return message.Records.map(({ s3 }) => ({ bucket: s3.bucket.name, key: decodeKey(s3.object.key) }));
}

const named = z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) });

/** Source: Amazon S3 user guide, event message structure; Amazon SNS, HTTP/SQS envelope; EventBridge, S3 events. */
const notification = z.union([
  z.object({ Records: z.array(z.object({ eventSource: z.literal('aws:s3'), s3: named })) }),
  z.object({ Type: z.literal('Notification'), Message: z.string() }),
  z.object({ source: z.literal('aws.s3'), detail: named }),
  z.object({ Event: z.literal('s3:TestEvent') }),
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** S3 encodes keys as forms do, EventBridge not at all. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
