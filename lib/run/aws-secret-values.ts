import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { awsRequestHandler } from '../base/aws.ts';

/** Asks Secrets Manager; a value is kept for `maxAge` seconds. A module of its own, loaded when it is needed. */
export function openSecretValues(maxAge: number) {
  const provider = new SecretsProvider({ clientConfig: { requestHandler: awsRequestHandler() } });
  return (name: string) => provider.get(name, { maxAge });
}
