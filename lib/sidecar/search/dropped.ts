import { toMusterError } from '../../base/errors.ts';
import { rulesOf, type Settings } from '../../cycle/settings.ts';
import { addressLabel, type LabelSet, pickLabels, withoutEmpty } from '../../targets/group.ts';
import { applyRule, sourceValue } from '../../targets/relabel.ts';
import { expandTemplate, type RelabelConfig } from '../../targets/relabel-config.ts';
import type { TargetFile } from '../mirror/target-files.ts';
import { isFindable, type Line, valueReader } from './line.ts';
import { type FoundGroup, scanFile } from './scan.ts';
import type { TargetRow } from './search.ts';

/** A target that a rule drops. */
interface DroppedRow extends TargetRow {
  /** Index of the rule. */
  readonly rule: number;
  /** What the rule looked at. */
  readonly value: string;
}

/** What the rules of a job drop of the mirrored targets. */
export interface DroppedResult {
  readonly rows: readonly DroppedRow[];
  /** Targets that are dropped: by each rule of the job, by its index. */
  readonly counts: readonly number[];
  /** Targets that were judged. */
  readonly judged: number;
  /** Whether all were. */
  readonly complete: boolean;
  readonly problems: readonly string[];
}

/** What to judge, and which rows to return. */
export interface DroppedOptions {
  /** Files whose rules Prometheus runs. */
  readonly lists: readonly { readonly file: TargetFile; readonly settings: Settings }[];
  /** Only what this rule drops. */
  readonly rule?: number | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Milliseconds after which what is known so far is the answer: rules can be many and their expressions long. */
const longest = 8000;

/** Which targets the rules drop, and which rule does. Throws only when the signal fires. */
export async function findDropped(options: DroppedOptions): Promise<DroppedResult> {
  const { lists, signal } = options;
  const found: Found = { rows: [], counts: [], problems: [], judged: 0, seen: 0 };
  const end = performance.now() + longest;
  for (const { file, settings } of lists) {
    const rules = rulesOf(settings);
    if (rules === undefined) continue;
    const judge = createJudge(rules, settings.scrape_labels);
    try {
      for await (const groups of scanFile(file.path, [], signal)) {
        for (const group of groups) judgeGroup(found, { group, judge, file, options });
        if (performance.now() > end) return resultOf(found, false);
      }
    } catch (error) {
      signal.throwIfAborted();
      found.problems.push(toMusterError(error).message);
    }
  }
  return resultOf(found, true);
}

function resultOf({ rows, counts, problems, judged }: Found, complete: boolean): DroppedResult {
  return { rows, counts, problems, judged, complete };
}

interface Found {
  readonly rows: DroppedRow[];
  readonly counts: number[];
  readonly problems: string[];
  judged: number;
  /** Those that are wanted, on this page and all others. */
  seen: number;
}

interface JudgedGroup {
  readonly group: FoundGroup;
  readonly judge: Judge;
  readonly file: TargetFile;
  readonly options: DroppedOptions;
}

function judgeGroup(found: Found, { group, judge, file, options }: JudgedGroup): void {
  const { rule: wanted, offset, limit } = options;
  const { source, job, provider } = file;
  const isOnPage = (drop: Drop) => {
    found.counts[drop.rule] = (found.counts[drop.rule] ?? 0) + 1;
    if (wanted !== undefined && drop.rule !== wanted) return false;
    found.seen += 1;
    return found.seen > offset && found.seen <= offset + limit;
  };
  const whole = group.line?.isOne ? judge.line(group.line) : undefined;
  if (whole !== undefined) {
    found.judged += 1;
    if (whole === 'kept' || !isOnPage(whole)) return;
    const { targets, labels } = group.decode();
    for (const address of targets) found.rows.push({ source, job, provider, address, labels, ...whole });
    return;
  }
  const { targets, labels } = group.decode();
  for (const address of targets) {
    found.judged += 1;
    const drop = judge.target(labels, address);
    if (drop !== 'kept' && isOnPage(drop))
      found.rows.push({ source, job, provider, address, labels, ...drop });
  }
}

type Drop = Pick<DroppedRow, 'rule' | 'value'>;

/** Which rule drops a target. */
interface Judge {
  /** The target of a line with one; undefined if the line has to be decoded. */
  readonly line: (line: Line) => Drop | 'kept' | undefined;
  readonly target: (labels: LabelSet, address: string) => Drop | 'kept';
}

/** Judgements that are remembered: most targets are alike in what the rules look at. Of longer values none is. */
const mostKnown = 5000;
const longestKnown = 500;

/**
 * Judges targets by what their rules look at. A target has many labels, and few of them decide; the rules run on a
 * target that has only those.
 */
function createJudge(rules: readonly RelabelConfig[], scrapeLabels: LabelSet): Judge {
  const { deciding, reads, names } = decisionOf(rules);
  const needsAddress = reads(addressLabel);
  const labelNames = names?.filter((name) => name !== addressLabel);
  const read = labelNames?.every(isFindable) ? valueReader(labelNames) : undefined;
  const known = new Map<string, Drop | 'kept'>();
  const isRead = remembered(reads);
  const target = (labels: LabelSet, address: string) =>
    firstDrop(
      deciding,
      withoutEmpty({
        ...scrapeLabels,
        ...withoutEmpty(pickLabels(labels, isRead)),
        [addressLabel]: address,
      }),
    );
  return {
    target,
    line(line) {
      const values = read?.(line);
      if (values === undefined || labelNames === undefined) return undefined;
      const { piece, addresses, addressesEnd } = line;
      const address = needsAddress ? piece.bytes.toString('utf8', addresses + 1, addressesEnd - 1) : '';
      // A quote is in none of them.
      const key = `${values.join('"')}"${address}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const labels = Object.fromEntries(labelNames.map((name, index) => [name, textOf(values[index])]));
      const judgement = target(labels, address);
      if (known.size >= mostKnown) known.clear();
      if (key.length <= longestKnown) known.set(key, judgement);
      return judgement;
    },
  };
}

/** The text of a JSON string without its quotes. */
function textOf(json = ''): string {
  return json.includes('\\') ? String(JSON.parse(`"${json}"`)) : json;
}

/** The same answers, most of them remembered. */
function remembered(reads: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const found = known.get(name) ?? reads(name);
    if (known.size >= mostKnown) known.clear();
    known.set(name, found);
    return found;
  };
}

/** What decides whether a target is dropped. */
interface Decision {
  /** The rules that drop, and those that write what they look at, by their index. */
  readonly deciding: ReadonlyMap<number, RelabelConfig>;
  /** Whether they can make use of a label that a target has. */
  readonly reads: (name: string) => boolean;
  /** All names of such labels; undefined if they cannot be listed. */
  readonly names: readonly string[] | undefined;
}

/** Goes back from the last rule: what a rule writes matters only where a later one reads it. */
function decisionOf(rules: readonly RelabelConfig[]): Decision {
  const deciding: [number, RelabelConfig][] = [];
  let reads = (_name: string) => false;
  let names: readonly string[] | undefined = [];
  for (const [index, rule] of [...rules.entries()].reverse()) {
    const after = reads;
    const { action, source_labels, target_label } = rule;
    const writes = action.startsWith('label') || target_label.includes('$') || after(target_label);
    if (!decides(rule) && (deciding.length === 0 || !writes)) continue;
    deciding.unshift([index, rule]);
    if (action === 'labelmap') {
      reads = (name) => after(name) || after(mappedName(rule, name) ?? name);
      names = names && namesBefore(rule, names);
    } else if (!action.startsWith('label')) {
      const own = new Set([...source_labels, ...(action.endsWith('equal') ? [target_label] : [])]);
      reads = (name) => own.has(name) || after(name);
      names = names && [...new Set([...names, ...own])];
    }
  }
  return { deciding: new Map(deciding), reads, names };
}

/** Whether the rule can drop a target. */
function decides({ action }: RelabelConfig): boolean {
  return /keep|drop/.test(action) && !action.startsWith('label');
}

function mappedName({ regex, replacement }: RelabelConfig, name: string): string | undefined {
  const match = regex.pattern.matcher(name);
  return match.matches() ? expandTemplate(replacement, regex, match) : undefined;
}

/** These names, and those that `labelmap` can make into them; undefined unless it maps what follows a prefix. */
function namesBefore(
  { regex, replacement }: RelabelConfig,
  names: readonly string[],
): readonly string[] | undefined {
  const [, prefix] = /^(\w*)\(\.[+*]\)$/.exec(regex.source) ?? [];
  const [, before] = /^(\w*)\$(?:1|\{1\})$/.exec(replacement) ?? [];
  if (prefix === undefined || before === undefined) return undefined;
  const mapped = names
    .filter((name) => name.startsWith(before))
    .map((name) => prefix + name.slice(before.length));
  return [...new Set([...names, ...mapped])];
}

function firstDrop(rules: ReadonlyMap<number, RelabelConfig>, labels: LabelSet): Drop | 'kept' {
  const current = new Map(Object.entries(labels));
  for (const [index, rule] of rules) {
    const value = decides(rule) ? sourceValue(current, rule) : '';
    if (!applyRule(current, rule)) return { rule: index, value };
  }
  return 'kept';
}
