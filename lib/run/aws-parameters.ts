import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { awsRequestHandler } from '../base/aws.ts';

/** Asks SSM Parameter Store; a value is kept for `maxAge` seconds. A module of its own, loaded when it is needed. */
export function openParameters(maxAge: number) {
  const provider = new SSMProvider({ clientConfig: { requestHandler: awsRequestHandler() } });
  return (name: string) => provider.get(name, { decrypt: true, maxAge });
}
