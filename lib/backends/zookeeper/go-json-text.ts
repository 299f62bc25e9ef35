/** A JSON value with what JavaScript's own would lose: how its numbers are written, and keys that come twice. */
export type GoJson =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: GoJson])[] }
  | { readonly kind: 'list' | 'null' | 'boolean' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly source: string };

/** The value of a JSON text; what lists hold is left out. Throws where the text is no JSON, or is nested too deeply. */
export function parseGoJson(text: string): GoJson {
  // What follows relies on sound JSON.
  JSON.parse(text);
  const tokens = text.matchAll(token);
  return readValue(next(tokens), tokens, 0);
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** As deep as Go reads. Source: encoding/json, maxNestingDepth. */
const maxDepth = 10_000;

type Tokens = IterableIterator<RegExpExecArray>;

function readValue(first: string, tokens: Tokens, depth: number): GoJson {
  if (depth > maxDepth) throw new RangeError('JSON is nested too deeply');
  switch (first.charAt(0)) {
    case '{':
      return readObject(tokens, depth);
    case '[':
      for (let each = next(tokens); each !== ']'; each = next(tokens))
        if (each !== ',') readValue(each, tokens, depth + 1);
      return { kind: 'list' };
    case '"':
      return { kind: 'text', text: unquote(first) };
    case 'n':
      return { kind: 'null' };
    case 't':
    case 'f':
      return { kind: 'boolean' };
    default:
      return { kind: 'number', source: first };
  }
}

function readObject(tokens: Tokens, depth: number): GoJson {
  const entries: (readonly [string, GoJson])[] = [];
  for (let each = next(tokens); each !== '}'; each = next(tokens)) {
    if (each === ',') continue;
    // The colon.
    next(tokens);
    entries.push([unquote(each), readValue(next(tokens), tokens, depth + 1)]);
  }
  return { kind: 'object', entries };
}

function next(tokens: Tokens): string {
  const { done, value } = tokens.next();
  if (done === true) throw new SyntaxError('JSON breaks off');
  return value[0];
}

function unquote(quoted: string): string {
  return String(JSON.parse(quoted));
}
