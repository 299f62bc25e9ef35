import { loadApp } from '../run/app.ts';
import { changesAnything, makePlan, type Plan } from '../run/plan.ts';
import { defineCommand, type ExitCode, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { openProgress } from './output.ts';
import { type PlanFormat, planText, printPlanErrors, printPlanTable } from './plan-text.ts';

/** `muster plan` */
export const plan = defineCommand({
  name: 'plan',
  description:
    'Says what a configuration would do, and writes nothing: lists every provider, compares it with what is published, and\n' +
    'prints which targets would come, go and change, what the gate would hold, and which lists would be retired or keep\n' +
    'another name. For the CI of a repository of configurations. Exits with 0 when nothing would change, with 2 when\n' +
    'something would, and with 1 for every error, also of the configuration: a backend that cannot be listed is named, and\n' +
    'the others are shown. "muster run --dry-run" prints the same, and exits as "muster run" does. Where several lists\n' +
    'shrink at once, a run adds them up in the order in which they come: it may hold another of them than the plan.',
  examples: [
    'muster plan -c new/muster.yml',
    'muster plan -c muster.yml --output markdown > comment.md',
    'muster plan --job api --output json',
  ],
  // Wrong usage must differ from a change, which is 2.
  wrongUsage: exitCodes.failed,
  options: {
    config: shared.config,
    strict: shared.strict,
    job: shared.job,
    provider: shared.provider,
    output: {
      value: 'FORMAT',
      default: 'table',
      choices: ['table', 'json', 'markdown'],
      help: 'table, json or markdown.',
    },
  },
  async run({ config, strict, job, provider, output }, io) {
    const app = await loadApp(config, { ...io, strict });
    await using store = app.store;
    const made = await makePlan(
      { ...app, store },
      { signal: io.signal, job, provider, takeOver: false, openProgress: progressOn(io) },
    );
    await printPlan(made, { command: 'plan', output }, io);
    return hasFailed(made, io)
      ? exitCodes.failed
      : changesAnything(made)
        ? exitCodes.changed
        : exitCodes.good;
  },
});

/** Prints a plan in a format; its errors go to standard error too. */
export async function printPlan(
  made: Plan,
  { command, output }: { readonly command: string; readonly output: PlanFormat },
  io: Io,
): Promise<void> {
  printPlanErrors(made, command, io);
  if (output === 'table') await printPlanTable(made, io);
  else await io.out(planText(made, output));
}

/** How `muster run --dry-run` ends. */
export function planExit(made: Plan, io: Io): ExitCode {
  return hasFailed(made, io) ? exitCodes.failed : exitCodes.good;
}

/** Shows the progress of a provider's listing. */
export function progressOn(io: Io) {
  return ({ job, provider }: { readonly job: string; readonly provider: string }) =>
    openProgress(io, `${job}/${provider}`);
}

function hasFailed({ cycles }: Plan, { signal }: Io): boolean {
  return signal.aborted || cycles.some(({ outcome }) => outcome === 'failed');
}
