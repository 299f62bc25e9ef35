import { readAwsError } from '../base/aws.ts';
import { mapConcurrent, once } from '../base/concurrency.ts';
import { MusterError } from '../base/errors.ts';
import { eventOf } from './task.ts';

/** Starts another invocation of the same function with this event, and does not wait for it. */
export type InvokeSelf = (event: object, signal: AbortSignal) => Promise<void>;

/** Invocations that are asked for at once. */
const concurrency = 16;

/** Asks for an invocation for each group of ids. Returns the errors of those that could not be asked for. */
export async function fanOut(
  groups: readonly (readonly object[])[],
  invokeSelf: InvokeSelf,
  signal: AbortSignal,
): Promise<readonly MusterError[]> {
  const errors = await mapConcurrent(groups, concurrency, signal, async (ids) => {
    try {
      await invokeSelf(eventOf(ids), signal);
      return undefined;
    } catch (cause) {
      return startFailure(ids.map((id) => Object.values(id).join('/')).join(', '), cause);
    }
  });
  return errors.filter((error) => error !== undefined);
}

function startFailure(name: string, cause: unknown): MusterError {
  const { code = 'no answer' } = readAwsError(cause);
  const what = `${name}: no invocation could be started (${code})`;
  if (code === 'AccessDeniedException')
    return new MusterError('denied', `${what}: the role needs lambda:InvokeFunction on its own function`);
  if (code === 'TooManyRequestsException')
    return new MusterError('throttled', `${what}: Lambda takes no more now; the next tick tries again`);
  return new MusterError('unreachable', `${what}: in a VPC, Lambda must be reachable by NAT or an endpoint`);
}

type InvokeFunction = (functionArn: string, payload: string, signal: AbortSignal) => Promise<void>;

/** Invokes the function of the given ARN; the SDK is loaded with the first call. */
export function lambdaInvoker(
  open: () => Promise<InvokeFunction> = async () => (await import('./sdk.ts')).openLambda(),
): (functionArn: string) => InvokeSelf {
  const opened = once(open);
  return (functionArn) => async (event, signal) => {
    const invoke = await opened();
    await invoke(functionArn, JSON.stringify(event), signal);
  };
}
