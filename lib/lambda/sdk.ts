import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

import { awsRequestHandler } from '../base/aws.ts';

/** Starts an asynchronous invocation. A module of its own, which is loaded when it is needed. */
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
