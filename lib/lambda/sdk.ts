import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import { awsRequestHandler } from '../base/aws.ts';

/** Asks Lambda for an asynchronous invocation. A module of its own, loaded when it is needed. */
export function openLambda(): (functionArn: string, payload: string, signal: AbortSignal) => Promise<void> {
  const client = new LambdaClient({ maxAttempts: 4, requestHandler: awsRequestHandler() });
  return async (functionArn, payload, signal) => {
    const command = new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      Payload: new TextEncoder().encode(payload),
    });
    await client.send(command, { abortSignal: signal });
  };
}
