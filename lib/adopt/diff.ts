import { isMapping, scalarText } from '../config/fields.ts';

/** A line of a diff: only before (`-`), only after (`+`), or in both. */
interface DiffLine {
  readonly mark: '-' | '+' | ' ';
  readonly text: string;
  /** Numbers of the line before and after, from 0. */
  readonly before: number;
  readonly after: number;
}

/** Lines around a change that are shown. */
const context = 3;

/** The difference of two texts, as `diff -u` prints it; empty for equal texts. `show` formats each line. */
export function formatDiff(
  names: readonly [string, string],
  [before, after]: readonly [string, string],
  show: (line: string) => string = (line) => line,
): string {
  const lines = diffLines(splitLines(before), splitLines(after));
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  if (changed.length === 0) return '';
  const hunks: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = hunks.at(-1);
    if (last !== undefined && index - last.to <= 2 * context) last.to = index;
    else hunks.push({ from: index, to: index });
  }
  const printed = hunks.map(({ from, to }) =>
    printHunk(lines.slice(Math.max(0, from - context), to + context + 1), show),
  );
  return `--- ${names[0]}\n+++ ${names[1]}\n${printed.join('')}`;
}

function printHunk(lines: readonly DiffLine[], show: (line: string) => string): string {
  const [first] = lines;
  const count = (mark: '-' | '+') => lines.filter((line) => line.mark === ' ' || line.mark === mark).length;
  const range = (mark: '-' | '+', from = 0) => `${mark}${count(mark) === 0 ? from : from + 1},${count(mark)}`;
  const head = `@@ ${range('-', first?.before)} ${range('+', first?.after)} @@\n`;
  return head + lines.map(({ mark, text }) => `${mark}${show(text)}\n`).join('');
}

function splitLines(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The lines of a shortest diff. Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations". */
export function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const rounds: Map<number, number>[] = [];
  let reach = new Map([[1, 0]]);
  for (let depth = 0; ; depth++) {
    rounds.push(new Map(reach));
    const next = new Map<number, number>(reach);
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      const [low, high] = [next.get(diagonal - 1) ?? -1, next.get(diagonal + 1) ?? -1];
      let x = diagonal === -depth || (diagonal !== depth && low < high) ? high : low + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return traced(before, after, rounds);
    }
    reach = next;
  }
}

function traced(
  before: readonly string[],
  after: readonly string[],
  rounds: readonly ReadonlyMap<number, number>[],
): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [before.length, after.length];
  for (let depth = rounds.length - 1; depth >= 0; depth--) {
    const reach = rounds[depth];
    const diagonal = x - y;
    const [low, high] = [reach?.get(diagonal - 1) ?? -1, reach?.get(diagonal + 1) ?? -1];
    const isDown = depth > 0 && (diagonal === -depth || (diagonal !== depth && low < high));
    const from = depth === 0 ? 0 : isDown ? high : low;
    const fromY = depth === 0 ? 0 : from - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > from && y > fromY) {
      x--;
      y--;
      lines.push({ mark: ' ', text: before[x] ?? '', before: x, after: y });
    }
    if (depth === 0) break;
    if (isDown) y--;
    else x--;
    lines.push({
      mark: isDown ? '+' : '-',
      text: (isDown ? after[y] : before[x]) ?? '',
      before: x,
      after: y,
    });
  }
  return lines.reverse();
}

/** Keys whose value is a secret, in SD configs and elsewhere. Source: Prometheus configuration reference. */
const secretKeys = [
  'password',
  'credentials',
  'bearer_token',
  'client_secret',
  'client_certificate_key',
  'token',
  'auth_token',
  'key',
  'secret_key',
  'access_key',
  'application_credential_secret',
  'application_secret',
  'consumer_key',
  'subscription_key',
];

/** Characters of a secret that is masked anywhere in a line. A shorter one is masked only after its key. */
const maskedAnywhere = 6;

/** Makes a function that masks the secrets of these values, and other credentials, in a line of a configuration. */
export function maskSecrets(values: readonly unknown[]): (line: string) => string {
  const secrets = [...new Set(values.flatMap(secretsIn))]
    .flatMap((secret) => secret.split('\n'))
    .filter((secret) => secret.trim().length >= maskedAnywhere)
    .toSorted((a, b) => b.length - a.length);
  return (line) => {
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret.trim(), mask), line);
    return shown.replace(behindKey, `$1${mask}`).replace(inUrl, `$1${mask}@`);
  };
}

const mask = '<secret>';

const behindKey = new RegExp(
  `((?:^|[\\s{,])["']?(?:${secretKeys.join('|')})["']?\\s*:\\s+|"(?:${secretKeys.join('|')})":)(?![\\s{[&*|>#]|<secret>)` +
    `(?:"(?:[^"\\\\]|\\\\.)*"|'(?:[^']|'')*'|[^\\s}#][^}#]*?(?=\\s*(?:,\\s|[}#]|$)))`,
  'g',
);

const inUrl = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)[^\s/@]+@/gi;

function secretsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(secretsIn);
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const text = scalarText(part);
    if (text !== undefined) return secretKeys.includes(key) ? [text] : [];
    if (key === 'secrets' && Array.isArray(part)) return part.flatMap((item) => scalarText(item) ?? []);
    return secretsIn(part);
  });
}
