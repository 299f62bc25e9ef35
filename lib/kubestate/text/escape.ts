/** A label's value between quotes. Source: Prometheus, "Exposition formats". */
export function escapeLabel(value: string): string {
  return needsEscape.test(value)
    ? value.replace(/[\\\n"]/g, (character) => escapes[character] ?? character)
    : value;
}

/** A help text, where quotes stay. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => escapes[character] ?? character);
}

const needsEscape = /[\\\n"]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };
