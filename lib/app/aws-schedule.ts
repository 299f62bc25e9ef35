import { GetScheduleCommand, ResourceNotFoundException, SchedulerClient } from '@aws-sdk/client-scheduler';

/** What EventBridge Scheduler says of a schedule. */
export interface Schedule {
  readonly expression: string;
  readonly enabled: boolean;
}

/** The schedule of this name in the default group; undefined where there is none. Throws what the SDK throws. */
export async function readSchedule(name: string, signal: AbortSignal): Promise<Schedule | undefined> {
  const client = new SchedulerClient({});
  try {
    const found = await client.send(new GetScheduleCommand({ Name: name }), { abortSignal: signal });
    return { expression: found.ScheduleExpression ?? '', enabled: found.State === 'ENABLED' };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
