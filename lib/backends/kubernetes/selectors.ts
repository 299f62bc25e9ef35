/**
 * Returns what is wrong with a label selector; undefined if it is valid. Valid is what an API server's parser accepts:
 * `a=b, c!=d, e in (f,g), !h, i>5`, and the empty string for everything.
 * Source: k8s.io/apimachinery, labels.Parse.
 */
export function labelSelectorProblem(selector: string): string | undefined {
  const tokens = selector.match(token) ?? [];
  let at = 0;
  while (at < tokens.length) {
    const requirement = readRequirement(tokens, at);
    if ('problem' in requirement) return requirement.problem;
    at = requirement.end;
    if (at === tokens.length) return undefined;
    if (tokens[at] !== ',') return found(tokens[at], '"," or the end');
    at++;
    if (!isWord(tokens[at]) && tokens[at] !== '!') return found(tokens[at], 'a key after ","');
  }
  return undefined;
}

/** White space separates tokens; an operator is as long as possible. */
const token = /==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+/g;

type Step = { readonly end: number } | { readonly problem: string };

function readRequirement(tokens: readonly string[], start: number): Step {
  const negated = tokens[start] === '!';
  const at = negated ? start + 1 : start;
  const key = tokens[at];
  if (!isWord(key)) return { problem: found(key, negated ? 'a key' : '"!" or a key') };
  const problem = keyProblem(key);
  if (problem !== undefined) return { problem };
  const operator = tokens[at + 1];
  if (negated || operator === undefined || operator === ',') return { end: at + 1 };
  if (operator === 'in' || operator === 'notin') return readSet(tokens, at + 2, operator);
  if (isComparison(operator)) return readValue(tokens, at + 2, operator);
  return { problem: found(operator, 'one of =, ==, !=, in, notin, < and >') };
}

/** Reads a value; an absent value is empty. */
function readValue(tokens: readonly string[], at: number, operator: string): Step {
  const value = tokens[at];
  const absent = value === undefined || value === ',';
  if (!absent && !isWord(value)) return { problem: found(value, `a value after "${operator}"`) };
  const text = absent ? '' : value;
  if (operator === '<' || operator === '>') {
    if (!/^\d+$/.test(text) || BigInt(text) >= 2n ** 63n)
      return { problem: `"${operator}" must be followed by a whole number` };
  }
  const problem = valueProblem(text);
  return problem === undefined ? { end: absent ? at : at + 1 } : { problem };
}

/** Reads values in parentheses, separated by commas; nothing between two commas is an empty value. */
function readSet(tokens: readonly string[], start: number, operator: string): Step {
  if (tokens[start] !== '(') return { problem: found(tokens[start], `"(" after "${operator}"`) };
  if (tokens[start + 1] === ')') return { problem: `the set after "${operator}" must not be empty` };
  let afterWord = false;
  for (let at = start + 1; ; at++) {
    const next = tokens[at];
    if (next === ')') return { end: at + 1 };
    if (isWord(next) && !afterWord) {
      const problem = valueProblem(next);
      if (problem !== undefined) return { problem };
      afterWord = true;
    } else if (next === ',') {
      afterWord = false;
    } else {
      return { problem: found(next, afterWord ? '"," or ")"' : 'a value or ","') };
    }
  }
}

const namePart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const domain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

function keyProblem(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  const [prefix] = parts;
  if (parts.length > 1 || (prefix !== undefined && !(prefix.length <= 253 && domain.test(prefix))))
    return `"${key}" is not the key of a label: in front of its one "/" there must be a domain name`;
  if (name.length > 63 || !namePart.test(name))
    return `"${key}" is not the key of a label: 63 letters, digits, "-", "_" and "." at most, a letter or digit at both ends`;
  return undefined;
}

function valueProblem(value: string): string | undefined {
  if (value === '' || (value.length <= 63 && namePart.test(value))) return undefined;
  return `"${value}" is not the value of a label: 63 letters, digits, "-", "_" and "." at most, a letter or digit at both ends`;
}

function isWord(text: string | undefined): text is string {
  return text !== undefined && !/^[=!(),<>]/.test(text);
}

function isComparison(text: string): boolean {
  return ['=', '==', '!=', '<', '>'].includes(text);
}

function found(text: string | undefined, instead: string): string {
  return text === undefined ? `ends where ${instead} should be` : `has "${text}" where ${instead} should be`;
}

/**
 * Returns what is wrong with a field selector; undefined if it is valid, as in `status.phase=Running,metadata.name!=x`. The
 * empty string selects everything. Only the API server knows which fields exist.
 * Source: k8s.io/apimachinery, fields.ParseSelector.
 */
export function fieldSelectorProblem(selector: string): string | undefined {
  return terms(selector)
    .map(termProblem)
    .find((problem) => problem !== undefined);
}

/** The non-empty parts between commas; a comma after a backslash belongs to the value. */
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
