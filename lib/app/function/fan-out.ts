import { MusterError } from '../../errors.ts';
import { mapConcurrent } from '../../http/concurrency.ts';
import type { ProviderId } from '../../target/names.ts';

/** Starts another invocation of the same function for one provider, and does not wait for it. */
export type InvokeSelf = (provider: ProviderId, signal: AbortSignal) => Promise<void>;

/** Invocations that are asked for at once. */
const concurrency = 16;

/** Asks for an invocation for each provider. Returns the errors of those that could not be asked for. */
export async function fanOut(
  providers: readonly ProviderId[],
  invokeSelf: InvokeSelf,
  signal: AbortSignal,
): Promise<readonly MusterError[]> {
  const errors = await mapConcurrent(providers, concurrency, signal, async ({ job, provider }) => {
    try {
      await invokeSelf({ job, provider }, signal);
      return undefined;
    } catch (cause) {
      return startFailure({ job, provider }, cause);
    }
  });
  return errors.filter((error) => error !== undefined);
}

/** Of AWS's error only its name enters the message. */
function startFailure({ job, provider }: ProviderId, cause: unknown): MusterError {
  const name = cause instanceof Error && cause.name !== 'Error' ? cause.name : 'no answer';
  const what = `${job}/${provider}: no invocation could be started (${name})`;
  if (name === 'AccessDeniedException')
    return new MusterError('denied', `${what}: the role needs lambda:InvokeFunction on its own function`);
  if (name === 'TooManyRequestsException')
    return new MusterError('throttled', `${what}: Lambda takes no more now; the next tick tries again`);
  return new MusterError('unreachable', `${what}: in a VPC, Lambda must be reachable by NAT or an endpoint`);
}

/** Invokes the function of the given ARN; the SDK is loaded with the first call. */
export function lambdaInvoker(): (functionArn: string) => InvokeSelf {
  const open = async () => (await import('./lambda.ts')).openLambda();
  let opening: ReturnType<typeof open> | undefined;
  return (functionArn) => async (provider, signal) => {
    opening ??= open();
    const invoke = await opening;
    await invoke(functionArn, JSON.stringify(provider), signal);
  };
}
