import { GetScheduleCommand, ResourceNotFoundException, SchedulerClient } from '@aws-sdk/client-scheduler';
import { awsRequestHandler } from '../base/aws.ts';
import { MusterError } from '../base/errors.ts';

/** What EventBridge Scheduler says of a schedule. */
export interface Schedule {
  readonly expression: string;
  readonly enabled: boolean;
}

/**
 * The schedule of this name in the default group, in the region of the environment; undefined where there is none.
 * Throws `config` where there is no region, else what the SDK throws.
 */
export async function readSchedule(name: string, signal: AbortSignal): Promise<Schedule | undefined> {
  const client = new SchedulerClient({ requestHandler: awsRequestHandler() });
  try {
    const found = await client.send(new GetScheduleCommand({ Name: name }), { abortSignal: signal });
    return { expression: found.ScheduleExpression ?? '', enabled: found.State === 'ENABLED' };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    // The SDK's own words do not tell what to do.
    if (error instanceof Error && error.message === 'Region is missing')
      throw new MusterError('config', 'no AWS region: set AWS_REGION to that of the functions');
    throw error;
  } finally {
    client.destroy();
  }
}
