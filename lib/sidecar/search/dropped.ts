import { toMusterError } from '../../base/errors.ts';
import { rulesOf, type Settings } from '../../cycle/settings.ts';
import { addressLabel, withoutEmpty } from '../../targets/group.ts';
import { applyRule, sourceValue } from '../../targets/relabel.ts';
import type { RelabelConfig } from '../../targets/relabel-config.ts';
import type { TargetFile } from '../mirror/target-files.ts';
import { scanFile } from './scan.ts';
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
  const { lists, rule: wanted, offset, limit, signal } = options;
  const found: Found = { rows: [], counts: [], problems: [], judged: 0 };
  const end = performance.now() + longest;
  let seen = 0;
  for (const { file, settings } of lists) {
    const all = rulesOf(settings);
    if (all === undefined) continue;
    // What comes after the last rule that can drop is work for nothing.
    const rules = all.slice(0, all.findLastIndex(decides) + 1);
    try {
      for await (const groups of scanFile(file.path, [], signal)) {
        for (const group of groups) {
          const { targets, labels } = group.decode();
          for (const address of targets) {
            found.judged += 1;
            const drop = firstDrop(rules, { ...settings.scrape_labels, ...labels, [addressLabel]: address });
            if (drop === undefined) continue;
            found.counts[drop.rule] = (found.counts[drop.rule] ?? 0) + 1;
            if (wanted !== undefined && drop.rule !== wanted) continue;
            if (seen >= offset && seen < offset + limit) {
              const { source, job, provider } = file;
              found.rows.push({ source, job, provider, address, labels, ...drop });
            }
            seen += 1;
          }
        }
        if (performance.now() > end) return { ...found, complete: false };
      }
    } catch (error) {
      signal.throwIfAborted();
      found.problems.push(toMusterError(error).message);
    }
  }
  return { ...found, complete: true };
}

interface Found {
  readonly rows: DroppedRow[];
  readonly counts: number[];
  readonly problems: string[];
  judged: number;
}

/** Whether the rule can drop a target. */
function decides({ action }: RelabelConfig): boolean {
  return /keep|drop/.test(action) && !action.startsWith('label');
}

function firstDrop(
  rules: readonly RelabelConfig[],
  labels: Readonly<Record<string, string>>,
): Pick<DroppedRow, 'rule' | 'value'> | undefined {
  const current = new Map(Object.entries(withoutEmpty(labels)));
  for (const [index, rule] of rules.entries()) {
    const value = decides(rule) ? sourceValue(current, rule) : '';
    if (!applyRule(current, rule)) return { rule: index, value };
  }
  return undefined;
}
