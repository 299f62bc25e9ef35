/**
 * What is wrong with a field selector, `undefined` where nothing is: `status.phase=Running,metadata.name!=x`, and the
 * empty text for everything. Which fields there are only the API server knows.
 * Source: k8s.io/apimachinery, fields.ParseSelector.
 */
export function fieldSelectorProblem(selector: string): string | undefined {
  return terms(selector)
    .map(termProblem)
    .find((problem) => problem !== undefined);
}

/** The parts between commas that are not empty; a comma behind a backslash is part of its value. */
function terms(selector: string): readonly string[] {
  return selector.match(/(?:[^\\,]|\\.|\\$)+/gs) ?? [];
}

function termProblem(term: string): string | undefined {
  const value = /^.*?(?:!=|==|=)(?<value>.*)$/s.exec(term)?.groups?.value;
  if (value === undefined) return `"${term}" is not of the form field=value, field==value or field!=value`;
  const rest = value.replace(/\\[\\,=]/g, '');
  if (rest.includes('\\')) return `"${term}" has a "\\" that is not followed by "\\", "," or "="`;
  if (rest.includes('=')) return `"${term}" has a "=" in its value: write it as "\\="`;
  return undefined;
}
