import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Something that a reader would stumble over: `line` counts from 1. */
export interface Finding {
  readonly line: number;
  readonly message: string;
}

/** Words that read as translated, and what to write instead. */
const words: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bcan not\b/i, 'cannot'],
  [/\bwhoever\b/i, 'name the one who acts'],
  [/\banew\b/i, 'again'],
  [/(?<!\b(?:all|any|both|each|half|many|most|none|one|some) )\bof which\b/i, 'a sentence of its own'],
  [/\bnone of (?:ours|theirs)\b/i, 'not ours'],
  [/\btold\b(?! apart)/i, 'reported, said or shown'],
  [/\bnone that can\b/i, 'unexpected'],
  [/\binsist(?:s|ed|ing|ent|Hidden)?\b/i, 'require'],
  [/\bwhatever\b/i, 'any, or "even if"'],
  [/\b(?:undefined|empty|absent)`? where\b/i, 'if'],
  [/\b(?:can|could|may)(?:not| not)? be had\b/i, 'who cannot get or read it'],
  [/\bbut for\b/i, 'except'],
  [/\bknows no\b/i, 'does not know'],
  [/\bas ever\b/i, 'as before'],
  [/\bof one's own\b/i, 'your own'],
  [/\bis ?black\b/i, 'a name that says what is refused'],
  [/\bgo-?json\b/i, 'what is read, as in JsonToken'],
  [
    /\b(?:const|let|function|class|interface|type) (?:asked|told|news|ran|face|beat)\b/i,
    'a name of the field',
  ],
  [/(?<=[({,]|\breadonly ) ?(?:asked|told|news|face|beat)\??: /, 'a name of the field'],
];

/** The words of the list that the text has. */
export function findWords(text: string): readonly Finding[] {
  return text.split('\n').flatMap((row, index) =>
    words.flatMap(([word, instead]) => {
      const found = word.exec(row)?.[0].trim();
      return found === undefined ? [] : [{ line: index + 1, message: `"${found}": write ${instead}` }];
    }),
  );
}

/**
 * Exports of a TypeScript file without a docstring. Overloads share the first one; a type inferred from a value is
 * plain.
 */
export function findBareExports(source: string): readonly Finding[] {
  const rows = source.split('\n');
  const seen = new Set<string>();
  return rows.flatMap((row, index) => {
    const [, name] = /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/.exec(row) ?? [];
    if (name === undefined || seen.has(name)) return [];
    seen.add(name);
    const isInferred = /^export type \w+ = .*\btypeof \w+/.test(row);
    const hasText = /\*\/$/.test(rows[index - 1] ?? '');
    return hasText || isInferred ? [] : [{ line: index + 1, message: `${name} has no docstring` }];
  });
}

const root = join(import.meta.dirname, '..');

/** What people read. The list above must name the words, and the change log keeps what was written. */
function filesBelow(...places: readonly string[]): readonly string[] {
  return places.flatMap((place) => {
    if (statSync(join(root, place)).isFile()) return [place];
    const names = readdirSync(join(root, place), { recursive: true, encoding: 'utf8' });
    return names.map((name) => `${place}/${name}`).filter((name) => statSync(join(root, name)).isFile());
  });
}

if (process.argv[1] === import.meta.filename) {
  const files = filesBelow('lib', 'functions', 'infra', 'docs', 'README.md', 'CONTRIBUTING.md');
  const lines = files
    .filter((file) => file !== 'infra/lint-prose.ts')
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const bare = /^lib\/.*(?<!\.d)\.ts$/.test(file) ? findBareExports(text) : [];
      return [...findWords(text), ...bare].map(({ line, message }) => `${file}:${line}: ${message}`);
    });
  for (const line of lines) process.stdout.write(`${line}\n`);
  if (lines.length > 0) process.exitCode = 1;
}
