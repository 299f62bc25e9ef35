/** A value of Terraform's language. */
export type HclValue =
  | string
  | number
  | boolean
  | null
  | readonly HclValue[]
  | { readonly [key: string]: HclValue };

/** What names stand for: a function where it is worked out when it is asked for. */
export type Scope = ReadonlyMap<string, HclValue | (() => HclValue)>;

type Expression = (scope: Scope) => HclValue;

/** The value of a text as hcl2json gives it: a template, whose `${…}` are expressions. Throws what does not parse. */
export function evaluateTemplate(text: string, scope: Scope): HclValue {
  const known = parsed.get(text);
  if (known !== undefined) return known(scope);
  const expression = parseText(text);
  parsed.set(text, expression);
  return expression(scope);
}

const parsed = new Map<string, Expression>();

/** A value as an object; throws where it is none. */
export function objectOf(value: HclValue | undefined): { readonly [key: string]: HclValue } {
  if (isObject(value)) return value;
  throw new Error(`${JSON.stringify(value)} is no object`);
}

/** A value as a list; throws where it is none. */
export function listOf(value: HclValue | undefined): readonly HclValue[] {
  if (isList(value)) return value;
  throw new Error(`${JSON.stringify(value)} is no list`);
}

function isList(value: HclValue | undefined): value is readonly HclValue[] {
  return Array.isArray(value);
}

function isObject(value: HclValue | undefined): value is { readonly [key: string]: HclValue } {
  return typeof value === 'object' && value !== null && !isList(value);
}

function textOf(value: HclValue | undefined): string {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  throw new Error(`${JSON.stringify(value)} is no string`);
}

function numberOf(value: HclValue | undefined): number {
  if (typeof value === 'number') return value;
  throw new Error(`${JSON.stringify(value)} is no number`);
}

function flagOf(value: HclValue | undefined): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`${JSON.stringify(value)} is no bool`);
}

const texts = (value: HclValue | undefined) => listOf(value).map(textOf);
const flatten = (value: HclValue): readonly HclValue[] => (isList(value) ? value.flatMap(flatten) : [value]);
const sizeOf = (value: HclValue | undefined) =>
  typeof value === 'string' ? value.length : Object.keys(value ?? {}).length;

/** The functions that the module uses, as Terraform's reference defines them. Types are among them: `list(string)`. */
const functions: Readonly<Record<string, (...args: readonly HclValue[]) => HclValue>> = {
  alltrue: (list) => listOf(list).every(flagOf),
  ceil: (number) => Math.ceil(numberOf(number)),
  coalesce: (...values) => values.find((value) => value !== null) ?? null,
  concat: (...lists) => lists.flatMap(listOf),
  contains: (list, value) => value !== undefined && listOf(list).includes(value),
  distinct: (list) => [...new Set(listOf(list))],
  endswith: (text, end) => textOf(text).endsWith(textOf(end)),
  filebase64sha256: (path) => `digest of ${textOf(path)}`,
  filemd5: (path) => `digest of ${textOf(path)}`,
  flatten: (list) => flatten(listOf(list)),
  floor: (number) => Math.floor(numberOf(number)),
  join: (between, list) => texts(list).join(textOf(between)),
  jsonencode: (value) => JSON.stringify(value),
  length: (value) => sizeOf(value),
  list: (element) => ({ list: element ?? null }),
  map: (element) => ({ map: element ?? null }),
  max: (...numbers) => Math.max(...numbers.map(numberOf)),
  merge: (...objects) => Object.assign({}, ...objects.map(objectOf)),
  object: (keys) => ({ object: keys ?? null }),
  one: (list) => {
    if (listOf(list).length > 1) throw new Error('one: more than one element');
    return listOf(list)[0] ?? null;
  },
  optional: (type, value) => ({ optional: type ?? null, value: value ?? null }),
  regex: (pattern, text) => {
    const found = new RegExp(textOf(pattern), 'u').exec(textOf(text));
    if (found === null) throw new Error(`regex: ${textOf(text)} does not match ${textOf(pattern)}`);
    return found.length > 1 ? found.slice(1) : found[0];
  },
  regexall: (pattern, text) =>
    [...textOf(text).matchAll(new RegExp(textOf(pattern), 'gu'))].map(([whole, ...groups]) =>
      groups.length > 0 ? groups : whole,
    ),
  sort: (list) => [...texts(list)].sort(),
  startswith: (text, start) => textOf(text).startsWith(textOf(start)),
  sum: (list) =>
    listOf(list)
      .map(numberOf)
      .reduce((total, one) => total + one),
  tonumber: (text) => Number(textOf(text)),
  trimprefix: (text, start) =>
    textOf(text).startsWith(textOf(start)) ? textOf(text).slice(textOf(start).length) : textOf(text),
  trimsuffix: (text, end) =>
    textOf(text).endsWith(textOf(end)) ? textOf(text).slice(0, -textOf(end).length) : textOf(text),
};

/** Operators by how tightly they bind, the loosest first. */
const levels: readonly (readonly (readonly [
  sign: string,
  apply: (a: Expression, b: Expression) => Expression,
])[])[] = [
  [['||', (a, b) => (scope) => flagOf(a(scope)) || flagOf(b(scope))]],
  [['&&', (a, b) => (scope) => flagOf(a(scope)) && flagOf(b(scope))]],
  [
    ['==', (a, b) => (scope) => JSON.stringify(a(scope)) === JSON.stringify(b(scope))],
    ['!=', (a, b) => (scope) => JSON.stringify(a(scope)) !== JSON.stringify(b(scope))],
  ],
  [
    ['<=', (a, b) => (scope) => numberOf(a(scope)) <= numberOf(b(scope))],
    ['>=', (a, b) => (scope) => numberOf(a(scope)) >= numberOf(b(scope))],
    ['<', (a, b) => (scope) => numberOf(a(scope)) < numberOf(b(scope))],
    ['>', (a, b) => (scope) => numberOf(a(scope)) > numberOf(b(scope))],
  ],
  [
    ['*', (a, b) => (scope) => numberOf(a(scope)) * numberOf(b(scope))],
    ['/', (a, b) => (scope) => numberOf(a(scope)) / numberOf(b(scope))],
    ['%', (a, b) => (scope) => numberOf(a(scope)) % numberOf(b(scope))],
  ],
];

/** What follows `.` or stands in `[…]`; throws where there is none. */
function memberOf(value: HclValue, key: HclValue): HclValue {
  const found = isList(value) ? value[numberOf(key)] : objectOf(value)[textOf(key)];
  if (found === undefined)
    throw new Error(`there is no ${textOf(key)} in ${JSON.stringify(value).slice(0, 200)}`);
  return found;
}

/** Elements of a list or an object, by index or key; those of an object in the order of their keys. */
function entriesOf(value: HclValue): readonly (readonly [HclValue, HclValue])[] {
  if (isList(value)) return value.map((item, index) => [index, item]);
  return Object.entries(objectOf(value)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A recursive descent over the text; hcl2json has checked the syntax before. */
function parseText(text: string): Expression {
  let at = 0;

  const fail = (wanted: string) => new Error(`${wanted} wanted at: ${text.slice(at, at + 60)}`);
  const skip = () => {
    const found = /^(?:\s|#[^\n]*)+/.exec(text.slice(at));
    at += found?.[0].length ?? 0;
  };
  const take = (pattern: RegExp): string | undefined => {
    skip();
    const found = new RegExp(`^(?:${pattern.source})`).exec(text.slice(at))?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const expect = (pattern: RegExp): string => {
    const found = take(pattern);
    if (found === undefined) throw fail(pattern.source);
    return found;
  };
  const name = /[A-Za-z_][\w-]*/;

  /** Up to a quote, or to the end of the text. */
  const template = (isEnd: () => boolean): Expression => {
    const parts: Expression[] = [];
    let literal = '';
    const close = () => {
      const value = literal;
      if (value !== '') parts.push(() => value);
      literal = '';
    };
    while (!isEnd()) {
      if (at >= text.length) throw fail('"');
      if (text.startsWith('${', at)) {
        close();
        at += 2;
        parts.push(conditional());
        expect(/\}/);
      } else if (text[at] === '\\' && at + 1 < text.length) {
        literal += text[at + 1] === 'n' ? '\n' : text[at + 1];
        at += 2;
      } else {
        literal += text[at];
        at += 1;
      }
    }
    close();
    const [first, ...others] = parts;
    if (first === undefined) return () => '';
    if (others.length === 0) return first;
    return (scope) => parts.map((part) => textOf(part(scope))).join('');
  };

  const conditional = (): Expression => {
    const test = binary(0);
    if (take(/\?/) === undefined) return test;
    const yes = conditional();
    expect(/:/);
    const no = conditional();
    return (scope) => (flagOf(test(scope)) ? yes(scope) : no(scope));
  };

  const binary = (level: number): Expression => {
    const operators = levels[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    for (;;) {
      skip();
      const found = operators.find(([sign]) => text.startsWith(sign, at));
      // `=>` of a for expression is none.
      if (found === undefined || text.startsWith('=>', at)) return left;
      at += found[0].length;
      left = found[1](left, binary(level + 1));
    }
  };

  const unary = (): Expression => {
    if (take(/!(?!=)/) !== undefined) {
      const value = unary();
      return (scope) => !flagOf(value(scope));
    }
    if (take(/-/) !== undefined) {
      const value = unary();
      return (scope) => -numberOf(value(scope));
    }
    return traversal(primary());
  };

  const traversal = (start: Expression): Expression => {
    if (take(/\[\*\]/) !== undefined) {
      const item = Symbol('item').toString();
      const rest = traversal((scope) => memberOf({ [item]: named(scope, item) }, item));
      return (scope) => listOf(start(scope)).map((value) => rest(new Map([...scope, [item, value]])));
    }
    if (text[at] === '.' && text[at + 1] !== '.') {
      at += 1;
      const key = expect(name);
      return traversal((scope) => memberOf(start(scope), key));
    }
    if (text[at] === '[') {
      at += 1;
      const key = conditional();
      expect(/\]/);
      return traversal((scope) => memberOf(start(scope), key(scope)));
    }
    return start;
  };

  const primary = (): Expression => {
    const number = take(/\d+(?:\.\d+)?/);
    if (number !== undefined) return () => Number(number);
    if (take(/"/) !== undefined) {
      const value = template(() => text[at] === '"');
      at += 1;
      return value;
    }
    if (take(/\(/) !== undefined) {
      const value = conditional();
      expect(/\)/);
      return value;
    }
    if (take(/\[/) !== undefined) return take(/for\b/) === undefined ? list() : loop(/\]/);
    if (take(/\{/) !== undefined) return take(/for\b/) === undefined ? object() : loop(/\}/);
    const word = expect(name);
    if (text[at] === '(') return call(word);
    if (word === 'true' || word === 'false') return () => word === 'true';
    if (word === 'null') return () => null;
    return (scope) => named(scope, word);
  };

  const list = (): Expression => {
    const items: Expression[] = [];
    while (take(/\]/) === undefined) {
      items.push(conditional());
      take(/,/);
    }
    return (scope) => items.map((item) => item(scope));
  };

  const object = (): Expression => {
    const items: (readonly [Expression, Expression])[] = [];
    while (take(/\}/) === undefined) {
      const plain = take(name);
      const key: Expression = plain === undefined ? primary() : () => plain;
      expect(/=/);
      items.push([key, conditional()]);
      take(/,/);
    }
    return (scope) => Object.fromEntries(items.map(([key, value]) => [textOf(key(scope)), value(scope)]));
  };

  const loop = (end: RegExp): Expression => {
    const names = [expect(name)];
    if (take(/,/) !== undefined) names.push(expect(name));
    expect(/in\b/);
    const collection = conditional();
    expect(/:/);
    const first = conditional();
    const value = take(/=>/) === undefined ? undefined : conditional();
    const condition = take(/if\b/) === undefined ? undefined : conditional();
    expect(end);
    const [keyName = '', valueName = keyName] = names;
    return (scope) => {
      const rounds = entriesOf(collection(scope))
        .map(([key, item]) => new Map([...scope, [keyName, key] as const, [valueName, item] as const]))
        .filter((inner) => condition === undefined || flagOf(condition(inner)));
      if (value === undefined) return rounds.map((inner) => first(inner));
      return Object.fromEntries(rounds.map((inner) => [textOf(first(inner)), value(inner)]));
    };
  };

  const call = (word: string): Expression => {
    expect(/\(/);
    const args: Expression[] = [];
    let isSpread = false;
    while (take(/\)/) === undefined) {
      args.push(conditional());
      isSpread = take(/\.\.\./) !== undefined;
      take(/,/);
    }
    if (word === 'can') return (scope) => succeeds(() => args[0]?.(scope));
    const apply = functions[word];
    if (apply === undefined) throw new Error(`there is no function ${word}`);
    return (scope) => {
      const values = args.map((arg) => arg(scope));
      return apply(...(isSpread ? [...values.slice(0, -1), ...listOf(values.at(-1))] : values));
    };
  };

  return template(() => at === text.length);
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

function named(scope: Scope, word: string): HclValue {
  const found = scope.get(word);
  if (found === undefined) throw new Error(`there is no ${word}`);
  return typeof found === 'function' ? found() : found;
}
