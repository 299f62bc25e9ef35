/**
 * What is wrong with a field selector, `undefined` where nothing is: `status.phase=Running,metadata.name!=x`, and the
 * empty text for everything. Which fields there are only the API server knows.
 * Source: k8s.io/apimachinery, fields.ParseSelector.
 */
export function fieldSelectorProblem(selector: string): string | undefined {
  return terms(selector)
    .filter((term) => term !== '')
    .map(termProblem)
    .find((problem) => problem !== undefined);
}

/** The parts between commas; one behind a backslash is no end. */
function terms(selector: string): readonly string[] {
  return selector.split(/((?:[^\\,]|\\[^])*),/).flatMap((part, index) => {
    // Between two ends there is nothing but the empty text that `split` makes of it.
    return index % 2 === 0 && part === '' ? [] : [part];
  });
}

function termProblem(term: string): string | undefined {
  const value = /^[^]*?(?:!=|==|=)(?<value>[^]*)$/.exec(term)?.groups?.value;
  if (value === undefined) return `"${term}" is not of the form field=value, field==value or field!=value`;
  const rest = value.replace(/\\[\\,=]/g, '');
  if (rest.includes('\\')) return `"${term}" has a "\\" that is not followed by "\\", "," or "="`;
  if (rest.includes('=')) return `"${term}" has a "=" in its value: write it as "\\="`;
  return undefined;
}
