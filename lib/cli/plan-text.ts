import { formatDuration } from '../config/fields.ts';
import { heldData, releaseCommand } from '../cycle/hints.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { retireOutputAfter } from '../kube-state/gate.ts';
import { changesAnything, type Plan, type Rename } from '../run/plan.ts';
import { countChange, isEmptyChange } from '../targets/diff.ts';
import { changeData, changeLines, leavingText, printChange, summaryText } from './change-text.ts';
import type { Io } from './command.ts';
import { counted, printable, printTable } from './output.ts';

/** How a plan is printed. */
export type PlanFormat = 'table' | 'json' | 'markdown';

/** The errors of a plan, for standard error. */
export function printPlanErrors({ cycles }: Plan, command: string, io: Io): void {
  for (const { job, provider, error } of cycles)
    if (error !== undefined)
      io.err(`muster ${command}: ${printable(`${job}/${provider}`)}: ${error.message}\n`);
}

/** A plan for a person: a line for each provider, the retirements, and each change as a diff. */
export async function printPlanTable(plan: Plan, io: Io): Promise<void> {
  const { cycles } = plan;
  if (cycles.length === 0 && plan.outputs.length === 0)
    io.err('The configuration has no job with a provider: nothing was done.\n');
  if (cycles.length > 0) {
    const heading = ['JOB', 'PROVIDER', 'OUTCOME', 'VERSION', 'TARGETS', ''];
    await printTable(io, heading, cycles.map(planRow), { last: 'prose' });
  }
  for (const line of otherLines(plan)) await io.out(`${line}\n`);
  for (const { job, provider, change } of cycles) {
    if (change === undefined || isEmptyChange(change)) continue;
    await io.out(`\n${printable(`${job}/${provider}`)}: ${summaryText(countChange(change))}\n`);
    await printChange(io, change);
  }
}

/** A line of the table of cycles; for a dry run with the targets before and after. */
export function planRow(result: CycleResult): string[] {
  const { job, provider, outcome, version, targets, change, held, damaged, warnings = [] } = result;
  const counts = change === undefined ? undefined : countChange(change);
  const after = targets + (outcome === 'dry-run' && counts ? counts.added - counts.removed : 0);
  const notes = [
    ...(counts === undefined || change === undefined || isEmptyChange(change) ? [] : [summaryText(counts)]),
    ...(held === undefined ? [] : [`held: ${held.message}; ${releaseCommand(result, held)}`]),
    ...(damaged === undefined ? [] : [`rebuilt, the store is damaged: ${damaged}`]),
    ...warnings.map(({ message }) => message),
  ];
  const shown = outcome === 'dry-run' ? `${targets} -> ${after}` : String(targets);
  return [job, provider, outcome, String(version), shown, notes.join('; ')];
}

/** A line for each part of a plan that is not a change of a list. */
function otherLines({ leaving, renames, outputs, leftOutputs }: Plan): readonly string[] {
  return [
    ...renames.map(renameText),
    ...leaving.map((one) => leavingText(one, 'would be retired').trimEnd()),
    ...outputs.map(({ output, key }) => `kube-state ${output}: would be listed and published as ${key}`),
    ...leftOutputs.map(
      (output) =>
        `kube-state ${output}: left the configuration, its text stays for another ${formatDuration(retireOutputAfter)}`,
    ),
  ].map(printable);
}

function renameText({ from, to, how }: Rename): string {
  if (how === 'kept')
    return `${to.job}: what stands as ${to.provider} lists what ${from.provider} did, and keeps that name`;
  if (how === 'other')
    return `${from.job}: what stands as ${from.provider} lists something else than the published ${from.provider} does: it becomes ${to.provider}`;
  return `${from.job}/${from.provider} moves to ${to.job}/${to.provider}: both list the same`;
}

/** A plan as JSON or as Markdown. */
export function planText(plan: Plan, format: Exclude<PlanFormat, 'table'>): string {
  return format === 'json' ? `${JSON.stringify(planData(plan), undefined, 2)}\n` : planMarkdown(plan);
}

function planData({ cycles, leaving, renames, outputs, leftOutputs }: Plan): readonly object[] {
  return [
    ...cycles.map((one) => cycleData(one)),
    ...renames.map((one) => ({ kind: 'rename', ...one })),
    ...leaving.map(({ wait, ...one }) => ({ kind: 'retirement', ...one, wait_seconds: wait / 1000 })),
    ...outputs.map((one) => ({ kind: 'output', ...one, outcome: 'dry-run' })),
    ...leftOutputs.map((output) => ({ kind: 'output', output, outcome: 'leaving' })),
  ];
}

/** The result of a cycle or of a dry run, as JSON. */
export function cycleData(result: CycleResult): object {
  const { job, provider, outcome, version, groups, targets, requests } = result;
  const { change, held, error, durationMs, warnings } = result;
  return {
    kind: 'cycle',
    ...{ job, provider, outcome, version, groups, targets, requests },
    duration_seconds: durationMs / 1000,
    ...(change && { counts: countChange(change), change: changeData(change) }),
    warnings: warnings?.map(({ message }) => message),
    held: held && heldData(held),
    error: error && { kind: error.kind, message: error.message },
  };
}

/** The most characters of a comment. GitHub accepts 65,536. */
const mostMarkdown = 60_000;
/** The most lines of one diff. */
const mostLines = 200;

/** A comment for a pull request: the counts first, each diff folded, and never longer than a comment may be. */
function planMarkdown(plan: Plan): string {
  const { cycles } = plan;
  const failed = cycles.filter(({ error }) => error !== undefined);
  const changed = cycles.filter(
    ({ change, held }) => held !== undefined || (change !== undefined && !isEmptyChange(change)),
  );
  const sum = { added: 0, removed: 0, changed: 0 };
  for (const { change } of changed) {
    const counts = change === undefined ? sum : countChange(change);
    if (counts === sum) continue;
    sum.added += counts.added;
    sum.removed += counts.removed;
    sum.changed += counts.changed;
  }
  const title = changesAnything(plan)
    ? `${summaryText(sum)} in ${changed.length} of ${counted(cycles.length, 'provider')}`
    : `no change in ${counted(cycles.length - failed.length, 'provider')}`;
  const heads = ['job', 'provider', 'come', 'go', 'change', 'the gate'];
  const rows = changed.map((one) => {
    const counts = one.change === undefined ? { added: 0, removed: 0, changed: 0 } : countChange(one.change);
    const held = one.held === undefined ? '' : `holds: ${one.held.message}`;
    return [one.job, one.provider, counts.added, counts.removed, counts.changed, held].map((cell) =>
      cellText(String(cell)),
    );
  });
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const head = [
    `### Muster plan: ${title}\n\n`,
    ...(failed.length > 0
      ? [`${failed.length === 1 ? 'One provider' : `${failed.length} providers`} could not be listed:\n\n`]
      : []),
    ...failed.map(
      ({ job, provider, error }) =>
        `- **${inline(`${job}/${provider}`)}**: ${inline(error?.message ?? '')}\n`,
    ),
    ...(failed.length > 0 ? ['\n'] : []),
    ...(rows.length > 0 ? [row(heads), row(heads.map(() => '---')), ...rows.map(row), '\n'] : []),
    ...otherLines(plan).map((line) => `- ${inline(line)}\n`),
  ];
  const diffs = changed.map((one) => diffMarkdown(one));
  let text = '';
  for (const part of [...head, ...diffs]) {
    if (text.length + part.length > mostMarkdown)
      return `${text}\nThe rest is left out; \`muster plan\` prints all of it.\n`;
    text += part;
  }
  return text;
}

function diffMarkdown({ job, provider, change }: CycleResult): string {
  if (change === undefined || isEmptyChange(change)) return '';
  const lines: string[] = [];
  let count = 0;
  for (const line of changeLines(change)) {
    count++;
    // `!` is the only third mark in a Markdown diff.
    if (count <= mostLines) lines.push(printable(line).replace(/^~/, '!').slice(0, 300));
  }
  if (count > mostLines) lines.push(`… and ${count - mostLines} more`);
  const summary = `${inline(`${job}/${provider}`)}: ${summaryText(countChange(change))}`;
  return `\n<details><summary>${summary}</summary>\n\n\`\`\`diff\n${lines.join('\n')}\n\`\`\`\n\n</details>\n`;
}

function cellText(text: string): string {
  return inline(text).replaceAll('|', '\\|');
}

/** Escapes names from a backend, so that they do not become HTML, a link or a mention. */
function inline(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]~#]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200b');
}
