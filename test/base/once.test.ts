import { describe, expect, test } from '@jest/globals';
import { once } from '../../lib/base/concurrency.ts';
import { lambdaInvoker } from '../../lib/lambda/task.ts';
import { createAwsSecrets } from '../../lib/run/aws-secrets.ts';
import { openSqs } from '../../lib/sidecar/notifications/follow.ts';
import { createSession } from '../../lib/store/s3/session.ts';

const { signal } = new AbortController();

/** Fails at the first call, as an import does in a moment without free file descriptors. */
function failingFirst<T>(then: () => T | Promise<T>): () => Promise<T> {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls === 1) throw new Error('EMFILE: too many open files');
    return await then();
  };
}

describe('a value that is made once', () => {
  test('is shared by all who ask while it is made, and by those who come later', async () => {
    let made = 0;
    const value = once(async () => ++made);
    expect([...(await Promise.all([value(), value()])), await value()]).toEqual([1, 1, 1]);
  });

  test('is made again after a failure, which all who waited are told', async () => {
    const value = once(failingFirst(() => 'there'));
    const first = await Promise.allSettled([value(), value()]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await value()).toBe('there');
  });

  test('is made again once it was taken', async () => {
    let made = 0;
    const value = once(async () => ++made);
    expect([value.take(), await value(), await value.take(), await value()]).toEqual([undefined, 1, 1, 2]);
  });
});

describe('an SDK that cannot be loaded at a bad moment is loaded by the next call', () => {
  test.each<[string, () => () => Promise<unknown>]>([
    [
      'of S3',
      () => {
        const unknown = failingFirst(() => Promise.reject(new Error('loaded')));
        const session = createSession('b', '', {}, unknown);
        return () => session.call('s3:GetObject', 'k', undefined, async () => 'called');
      },
    ],
    [
      'of SQS',
      () => {
        const queue = openSqs(
          'https://sqs.eu-west-1.amazonaws.com/1/q',
          failingFirst(() => Promise.reject(new Error('loaded'))),
        );
        return () => queue.receive(signal);
      },
    ],
    [
      'of SSM',
      () => {
        const open = failingFirst(() => async () => 'value');
        const { ssm } = createAwsSecrets({ ssm: open, secretsmanager: open });
        return async () => ssm?.({ scheme: 'ssm', name: '/a' }, signal);
      },
    ],
    [
      'of Lambda',
      () => {
        const invoke = lambdaInvoker(failingFirst(() => async () => undefined))('arn');
        return () => invoke({}, signal);
      },
    ],
  ])('%s', async (_, open) => {
    const call = open();
    const outcomes = await Promise.allSettled([call()]);
    const again = await Promise.allSettled([call()]);
    expect([outcomes[0]?.status, describeOutcome(again[0])]).toEqual(['rejected', 'loaded']);
  });
});

/** `loaded` for a call that got as far as the SDK, whatever came of it. */
function describeOutcome(outcome: PromiseSettledResult<unknown> | undefined): string {
  if (outcome?.status !== 'rejected') return 'loaded';
  const { cause = outcome.reason } = outcome.reason;
  return String(cause).includes('EMFILE') ? 'kept the failure' : 'loaded';
}
