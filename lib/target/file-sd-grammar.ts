/** What happens in a file: told with the place, in the piece at hand, of the bracket or quote that does it. */
export type ScanEvent =
  | 'group opened'
  | 'group closed'
  | 'targets opened'
  | 'targets closed'
  | 'target opened'
  | 'target closed';

/** Where a file_sd file stands, and which bytes lead on from there. Space may come anywhere but within `null`. */
const grammar: Readonly<Record<State, Readonly<Record<string, State>>>> = {
  start: { '[': 'first group' },
  'first group': { '{': 'first key', ']': 'end' },
  'next group': { '{': 'first key' },
  'first key': { '"': 'key', '}': 'after group' },
  'next key': { '"': 'key' },
  'after key': { ':': 'member' },
  targets: { '[': 'first target' },
  'first target': { '"': 'target', ']': 'after member' },
  'next target': { '"': 'target' },
  'after target': { ',': 'next target', ']': 'after member' },
  labels: { '{': 'first name', n: 'n' },
  n: { u: 'nu' },
  nu: { l: 'nul' },
  nul: { l: 'after member' },
  'first name': { '"': 'name', '}': 'after member' },
  'next name': { '"': 'name' },
  'after name': { ':': 'value' },
  value: { '"': 'value text' },
  'after value': { ',': 'next name', '}': 'after member' },
  'after member': { ',': 'next key', '}': 'after group' },
  'after group': { ',': 'next group', ']': 'end' },
  end: {},
  // Of a member the key says what it must be; within texts quotes and backslashes lead on.
  member: {},
  key: {},
  target: {},
  name: {},
  'value text': {},
};

export type State =
  | 'start'
  | 'end'
  | 'member'
  | `${'first' | 'next'} ${'group' | 'key' | 'target' | 'name'}`
  | `after ${'group' | 'key' | 'member' | 'target' | 'name' | 'value'}`
  | ('key' | 'targets' | 'target' | 'labels' | 'name' | 'value' | 'value text')
  | ('n' | 'nu' | 'nul');

/** States within a text, and what comes behind it. */
const texts: readonly (readonly [State, State])[] = [
  ['key', 'after key'],
  ['target', 'after target'],
  ['name', 'after name'],
  ['value text', 'after value'],
];

/** What is said of a byte that does not fit, where more can be said than its place. */
export const complaints: ReadonlyMap<string, (group: number) => string> = new Map([
  ['start', () => 'the file is not a list of groups'],
  ['first group', (group) => `group ${group + 1} is not an object`],
  ['next group', (group) => `group ${group + 1} is not an object`],
  ['targets', (group) => `targets of group ${group} are not a list of texts`],
  ['first target', (group) => `targets of group ${group} are not a list of texts`],
  ['next target', (group) => `targets of group ${group} are not a list of texts`],
  ['labels', (group) => `labels of group ${group} are not an object`],
  ['value', (group) => `group ${group} has a label whose value is not a text`],
] satisfies readonly (readonly [State, (group: number) => string])[]);

/** The grammar by numbers, as every byte of every file is looked up in it. */
export const names: readonly string[] = Object.keys(grammar);
export const none = 255;
export const ways = new Uint8Array(names.length << 8).fill(none);
export const eventOn: (ScanEvent | undefined)[] = Array(names.length << 8).fill(undefined);
export const afterText = new Uint8Array(names.length).fill(none);
for (const [name, leads] of Object.entries(grammar)) {
  for (const [text, next] of Object.entries(leads)) {
    const way = (names.indexOf(name) << 8) | text.charCodeAt(0);
    ways[way] = numberOf(next);
    eventOn[way] = eventOf(name, next);
  }
}
for (const [text, next] of texts) afterText[numberOf(text)] = numberOf(next);
export const [firstKey, member, targetsState] = [
  numberOf('first key'),
  numberOf('member'),
  numberOf('targets'),
];
export const [keyText, nameText, targetText] = [numberOf('key'), numberOf('name'), numberOf('target')];
export const withinNull: ReadonlySet<number> = new Set([numberOf('n'), numberOf('nu'), numberOf('nul')]);

export function numberOf(state: State): number {
  return names.indexOf(state);
}

function eventOf(state: string, next: State): ScanEvent | undefined {
  if (next === 'first key') return 'group opened';
  if (next === 'after group') return 'group closed';
  if (next === 'first target') return 'targets opened';
  if (next === 'target') return 'target opened';
  const closes = next === 'after member' && (state === 'first target' || state === 'after target');
  return closes ? 'targets closed' : undefined;
}
