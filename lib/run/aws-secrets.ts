import { readAwsError } from '../base/aws.ts';
import { once } from '../base/concurrency.ts';
import { heedSignals } from '../base/deadlines.ts';
import { type ErrorKind, MusterError, oneLine } from '../base/errors.ts';
import type { ResolveReference } from '../config/credentials.ts';
import type { Reference } from '../config/secret.ts';

/** Seconds that a secret is kept: the providers of one tick ask once, a rotated secret is seen in the next minute. */
const maxAge = 60;

/**
 * Resolvers of `ssm:/path` and `secretsmanager:name#field`. Each loads its SDK with the first reference; region and
 * credentials come from where the SDK takes them. They throw kind `config`, `denied`, `throttled`, `unreachable` or
 * `status`.
 */
export function createAwsSecrets(
  open: Readonly<Record<'ssm' | 'secretsmanager', () => Promise<AskFor>>> = {
    ssm: openParameters,
    secretsmanager: openSecretValues,
  },
): Readonly<Record<string, ResolveReference>> {
  return {
    ssm: asking(open.ssm, 'ssm:GetParameter'),
    secretsmanager: asking(open.secretsmanager, 'secretsmanager:GetSecretValue'),
  };
}

/** The value of a name, from one keeper of secrets. */
export type AskFor = (name: string) => Promise<string | Uint8Array | undefined>;

async function openParameters(): Promise<AskFor> {
  return (await import('./aws-parameters.ts')).openParameters(maxAge);
}

async function openSecretValues(): Promise<AskFor> {
  return (await import('./aws-secret-values.ts')).openSecretValues(maxAge);
}

function asking(open: () => Promise<AskFor>, action: string): ResolveReference {
  const opened = once(open);
  return async (reference, signal) => {
    const ask = await opened();
    const name = `${reference.scheme}:${reference.name}`;
    const answer = ask(reference.name).catch((error: unknown) => {
      throw failure(error, reference, action);
    });
    const value = await heedSignals(answer, [signal], `while ${name} was read`);
    if (value === undefined)
      throw new MusterError('config', `credential ${name}: there is no value behind this name`);
    return typeof value === 'string' ? value : new TextDecoder().decode(value);
  };
}

function failure(error: unknown, { scheme, name }: Reference, action: string): MusterError {
  // Powertools wraps what the SDK threw.
  const { code = 'no answer', status } = readAwsError(causeOf(error));
  const [kind, says] = judge(code, status, action);
  return new MusterError(kind, `credential ${scheme}:${name}: ${oneLine(says)} (${code})`);
}

function causeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
}

function judge(code: string, status: number | undefined, action: string): readonly [ErrorKind, string] {
  if (/^(ParameterNotFound|ParameterVersionNotFound|ResourceNotFoundException)$/.test(code))
    return ['config', 'there is none of this name in this account and region'];
  if (/^(AccessDenied|UnrecognizedClient|ExpiredToken|InvalidKeyId|DecryptionFailure)/.test(code))
    return ['denied', `it may not be read: the role needs ${action}, and kms:Decrypt for a key of your own`];
  if (/Credentials|TokenProvider/.test(code)) return ['denied', 'this process has no AWS credentials'];
  if (/^(Throttling|TooManyRequests)/.test(code)) return ['throttled', 'AWS asks to slow down'];
  if (status === undefined)
    return ['unreachable', `AWS could not be asked: ${action} needs a way to its endpoint`];
  return ['status', 'AWS refused to give it'];
}
