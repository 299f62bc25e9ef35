import { type Matcher, RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';

/** What a relabelling rule can do. Source: Prometheus configuration reference, relabel_action. */
export const relabelActions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

/** An action of a rule. */
export type RelabelAction = (typeof relabelActions)[number];

/** One rule of `relabel_configs`, after defaults and checks. */
export interface RelabelConfig {
  readonly source_labels: readonly string[];
  readonly separator: string;
  readonly regex: RelabelRegex;
  readonly modulus: bigint;
  readonly target_label: string;
  readonly replacement: string;
  readonly action: RelabelAction;
  /** Allows only names of letters, digits and `_`. Absent: any name of Prometheus 3. */
  readonly names?: 'legacy';
}

/** A regular expression as written, and compiled with both ends anchored as Prometheus anchors it. */
export interface RelabelRegex {
  readonly source: string;
  readonly pattern: RE2JS;
  /** Numbers of the groups with a name, in the order of the expression. In Go several groups may have the same name. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
}

/** The compiled expression, or a message about what is wrong. Source: prometheus/model/relabel, NewRegexp. */
export function compileRegex(source: string): RelabelRegex | string {
  const distinct = withDistinctNames(source);
  try {
    const pattern = RE2JS.compile(`^(?s:${distinct.source})$`);
    const numbers = pattern.namedGroups();
    const groups = Map.groupBy(Object.keys(numbers), (name) => distinct.names.get(name) ?? name);
    return {
      source,
      pattern,
      groups: new Map(
        Array.from(groups, ([name, all]) => [name, all.map((each) => numbers[each] ?? 0).sort(ascending)]),
      ),
    };
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.getDescription();
    if (error instanceof RE2JSException) return 'it cannot be compiled';
    throw error;
  }
}

/**
 * A template with `$1`, `${1}`, `$name`, `${name}` and `$$` filled in, as Go's Regexp.Expand reads it: the name is as
 * long as it can be, a group that does not exist is empty, a lone `$` stands for itself.
 */
export function expandTemplate(template: string, regex: RelabelRegex, match: Matcher): string {
  if (!template.includes('$')) return template;
  return template.replace(/\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu, (whole, plain, braced) =>
    whole === '$$' ? '$' : groupOf(regex, match, String(plain ?? braced)),
  );
}

/**
 * In Go a number with a leading zero or with more than nine digits is a name. Of equal names, the first that matched
 * counts.
 */
function groupOf({ groups }: RelabelRegex, match: Matcher, name: string): string {
  const numbers = /^(?:0|[1-9]\d{0,8})$/.test(name) ? [Number(name)] : (groups.get(name) ?? []);
  for (const number of numbers) {
    const text = number <= match.groupCount() ? match.group(number) : null;
    if (text !== null) return text;
  }
  return '';
}

interface DistinctNames {
  readonly source: string;
  /** The name in the source for each that had to be replaced. */
  readonly names: ReadonlyMap<string, string>;
}

/** RE2JS allows each name once. Later groups with a name get another that the expression does not contain. */
function withDistinctNames(source: string): DistinctNames {
  const names = new Map<string, string>();
  if (!source.includes('<')) return { source, names };
  const seen = new Set<string>();
  const longest = Math.max(0, ...Array.from(source.matchAll(/_+/g), ([run]) => run.length));
  const prefix = `again${'_'.repeat(longest + 1)}`;
  const distinct = source.replace(token, (whole, opening: string | undefined, name: string | undefined) => {
    if (opening === undefined || name === undefined) return whole;
    if (!seen.has(name)) {
      seen.add(name);
      return whole;
    }
    const other = `${prefix}${names.size}`;
    names.set(other, name);
    return `${opening}${other}>`;
  });
  return { source: distinct, names };
}

/** Quoted text, an escape, a class of characters, or the beginning of a group with a name. */
const token = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]|(\(\?P?<)(\w+)>/gsu;

function ascending(left: number, right: number): number {
  return left - right;
}
