/**
 * A plain YAML scalar that YAML takes for something other than text (`0123`, `true`, `1.10`). Both are kept, as in
 * Go's YAML: a key that holds text gets the source, so that `password: 0123` is `0123`.
 */
export class YamlScalar {
  /** As it stands in the file. */
  readonly source: string;
  /** What YAML's core schema makes of it. */
  readonly value: number | boolean | bigint;

  constructor(source: string, value: number | boolean | bigint) {
    this.source = source;
    this.value = value;
  }
}

/** The scalar's text; `undefined` for a mapping, a list, or nothing. */
export function scalarText(input: unknown): string | undefined {
  if (typeof input === 'string') return input;
  if (input instanceof YamlScalar) return input.source;
  if (typeof input === 'number' || typeof input === 'boolean' || typeof input === 'bigint') return `${input}`;
  return undefined;
}

/** Whether it is a mapping of keys to values. */
export function isMapping(input: unknown): input is object {
  return (
    typeof input === 'object' && input !== null && !Array.isArray(input) && !(input instanceof YamlScalar)
  );
}

/** The same tree with each scalar as the value that YAML's core schema gives it. */
export function plainValue(input: unknown): unknown {
  if (input instanceof YamlScalar) return input.value;
  if (Array.isArray(input)) return input.map(plainValue);
  if (!isMapping(input)) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, plainValue(value)]));
}
