import { GetScheduleCommand, ResourceNotFoundException, SchedulerClient } from '@aws-sdk/client-scheduler';
import { awsRequestHandler } from '../base/aws.ts';
import { mapConcurrent } from '../base/concurrency.ts';
import { MusterError, toMusterError } from '../base/errors.ts';
import { acceptRetiredCommand } from '../cycle/hints.ts';
import { type LeavingProvider, type RetireRules, reviewLeaving } from '../cycle/leaving.ts';
import { resolveNames } from '../cycle/naming.ts';
import { parseStatus } from '../cycle/status.ts';
import type { KubeStateOutput } from '../kube-state/publish.ts';
import { readListed } from '../kube-state/stored.ts';
import type { AppProvider } from '../run/providers.ts';
import type { ObjectStore } from '../store/store.ts';
import { statusKey } from '../targets/keys.ts';
import { ageOf } from './measure.ts';
import { longestGap, waitingCostHint } from './schedule.ts';

/** The result of one check of a deployment. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** The result in words, or what is wrong and what to do. */
  readonly says: string;
}

/** The input of the check. */
export interface DeploymentInput {
  readonly store: ObjectStore;
  readonly providers: readonly AppProvider[];
  readonly outputs: readonly KubeStateOutput[];
  /** Name of the CloudFormation stack: its schedules are `<stack>-<mechanism>` and `<stack>-kube-state`. */
  readonly stack: string;
  readonly readSchedule: (name: string, signal: AbortSignal) => Promise<Schedule | undefined>;
  readonly retireRules: RetireRules;
  readonly signal: AbortSignal;
}

/**
 * Checks the store, the schedules of all functions that the configuration needs, and the state of each provider and
 * output. Throws kind `config` if no AWS region is set.
 */
export async function checkDeployment(input: DeploymentInput): Promise<readonly Finding[]> {
  const { store, outputs, signal } = input;
  const bucket = await look('bucket', async () => {
    await store.list('config/', { signal });
    return good(`${store.url} can be read`);
  });
  if (!bucket.ok) return [bucket];
  const writes = await look('conditional writes', async () => {
    await store.verify({ signal });
    return good('are honoured');
  });
  // The check of each status says what cannot be read.
  const providers = await resolveNames(input.providers, { store, signal }).catch(() => input.providers);
  const names = new Set(providers.map(({ mechanism }) => mechanism));
  if (outputs.length > 0) names.add(kubeState);
  const schedules = await mapConcurrent([...names], 4, signal, (name) => checkSchedule(name, input));
  const expressions = new Map(schedules.map(({ backend, expression }) => [backend, expression]));
  const gapOf = (backend: string) => longestGap(expressions.get(backend) ?? presetSchedule) ?? 60_000;
  const statuses = await mapConcurrent(providers, 8, signal, (provider) =>
    look(`status ${provider.job}/${provider.provider}`, () =>
      checkStatus(provider, gapOf(provider.mechanism), input),
    ),
  );
  const listings = await mapConcurrent(outputs, 8, signal, (output) =>
    look(`kube state ${output.object}`, () => checkOutput(output, gapOf(kubeState), input)),
  );
  const leaving = await reviewLeaving(providers, input.retireRules, {
    store,
    signal,
    now: new Date(),
    dryRun: true,
  });
  const costs = sayCosts(input, expressions);
  const functions = schedules.map(({ finding }) => finding);
  return [bucket, writes, ...functions, ...statuses, ...listings, ...leaving.map(sayLeaving), ...costs];
}

/** A provider that left the configuration is fine, unless it waits for an operator. */
function sayLeaving({ job, provider, targets, state, wait, reason }: LeavingProvider): Finding {
  const check = `retiring ${job}/${provider}`;
  if (state === 'held')
    return { check, ...bad(`${targets} targets: ${reason}; "${acceptRetiredCommand}" lets it go`) };
  if (state === 'pinned')
    return { check, ...good(`${targets} targets: ${reason}; it is not retired before`) };
  const when =
    state === 'due' ? 'the next tick retires it' : `it is retired in ${Math.ceil(wait / 60_000)} min`;
  return { check, ...good(`${targets} targets: ${reason}, ${when}`) };
}

/** A finding for each schedule about intervals that cost more than it seems. Empty if there are none. */
function sayCosts(
  { providers, outputs }: DeploymentInput,
  expressions: ReadonlyMap<string, string>,
): readonly Finding[] {
  const all = [
    ...providers.map(({ job, provider, mechanism, refreshInterval }) => ({
      ...{ backend: mechanism, name: `${job}/${provider}`, refreshInterval },
    })),
    ...outputs.map(({ object, refreshInterval }) => ({
      ...{ backend: kubeState, name: `kube state ${object}`, refreshInterval },
    })),
  ];
  return [...new Set(expressions.values())].flatMap((expression) => {
    const at = all.filter(({ backend }) => expressions.get(backend) === expression);
    const says = waitingCostHint(at, expression);
    return says === undefined ? [] : [{ check: 'cost', ...good(says) }];
  });
}

/** The name of the function that writes the kube-state outputs. */
const kubeState = 'kube-state';

/** The assumed schedule if a schedule cannot be read. */
const presetSchedule = 'rate(1 minute)';

type Answer = Omit<Finding, 'check'>;

async function look(check: string, find: () => Promise<Answer>): Promise<Finding> {
  try {
    return { check, ...(await find()) };
  } catch (error) {
    return { check, ...bad(toMusterError(error).message) };
  }
}

async function checkSchedule(backend: string, { stack, readSchedule, signal }: DeploymentInput) {
  const name = `${stack}-${backend}`;
  let expression = presetSchedule;
  const finding = await look(`schedule ${backend}`, async () => {
    const schedule = await readSchedule(name, signal);
    if (schedule === undefined)
      return bad(`there is no schedule ${name}: is ${stack} the stack, and was it deployed with ${backend}?`);
    expression = schedule.expression;
    if (!schedule.enabled) return bad(`${name} is disabled: enable it, or deploy again`);
    return good(`${name} runs at ${expression}`);
  });
  return { backend, expression, finding };
}

async function checkStatus(
  provider: AppProvider,
  period: number,
  { store, signal }: DeploymentInput,
): Promise<Answer> {
  const found = await store.get(statusKey(provider), { signal });
  if (found === undefined)
    return bad('no cycle yet: wait for the next tick, then look at the log of the function');
  const status = parseStatus(found.body);
  if (status === undefined) return bad('the status cannot be read; the next cycle writes it again');
  const age = ageOf(status.last_attempt);
  if (age === undefined) return bad(`the last cycle ${future}`);
  const allowed = Math.max(period, provider.refreshInterval) * 3 + provider.deadline;
  const seconds = `${Math.round(age / 1000)}s`;
  if (age > allowed) return bad(`the last cycle was ${seconds} ago: does the schedule start the function?`);
  if (status.error !== undefined)
    return bad(`failing (${status.failures} in a row): ${status.error.message}`);
  if (status.config_error !== undefined)
    return bad(`the newest configuration is not in force: ${status.config_error}`);
  if (status.held !== undefined) return bad(`held: ${status.held.message}`);
  const waited = ageOf(status.last_success ?? status.first_attempt ?? status.last_attempt);
  if (waited === undefined) return bad(`the last whole listing ${future}`);
  if (waited > allowed)
    return bad(`no listing was whole for ${Math.round(waited / 1000)}s: look at the log of the function`);
  return good(`${status.targets} targets, version ${status.version}, last cycle ${seconds} ago`);
}

const future =
  'is dated in the future: set the clock of this machine, or of the one that ran it, and look again after the next tick';

async function checkOutput(
  { object, refreshInterval, deadline }: KubeStateOutput,
  period: number,
  input: DeploymentInput,
): Promise<Answer> {
  const listed = await readListed(object, input);
  if (listed === undefined)
    return bad('nothing is published yet: wait for the next tick, then look at the log of the function');
  const age = ageOf(listed.toISOString());
  if (age === undefined) return bad(`the listing of its cluster ${future}`);
  const seconds = `${Math.round(age / 1000)}s`;
  if (age > Math.max(period, refreshInterval) * 3 + deadline)
    return bad(`its cluster was listed ${seconds} ago: look at the log of the function`);
  return good(`its cluster was listed ${seconds} ago`);
}

function good(says: string): Answer {
  return { ok: true, says };
}

function bad(says: string): Answer {
  return { ok: false, says };
}

/** A schedule of EventBridge Scheduler. */
export interface Schedule {
  readonly expression: string;
  readonly enabled: boolean;
}

/**
 * The schedule of this name in the default group, in the region of the environment; undefined if there is none.
 * Throws `config` where there is no region, else what the SDK throws.
 */
export async function readSchedule(name: string, signal: AbortSignal): Promise<Schedule | undefined> {
  const client = new SchedulerClient({ requestHandler: awsRequestHandler() });
  try {
    const found = await client.send(new GetScheduleCommand({ Name: name }), { abortSignal: signal });
    return { expression: found.ScheduleExpression ?? '', enabled: found.State === 'ENABLED' };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    // The SDK's message does not say what to do.
    if (error instanceof Error && error.message === 'Region is missing')
      throw new MusterError('config', 'no AWS region: set AWS_REGION to that of the functions');
    throw error;
  } finally {
    client.destroy();
  }
}
