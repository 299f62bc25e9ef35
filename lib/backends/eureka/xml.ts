import { MusterError } from '../../base/errors.ts';
import { decodeText } from '../../http/json.ts';

/** An element of an XML document. */
export interface XmlElement {
  /** Without a namespace's prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside it, with entities replaced. */
  readonly text: string;
  /** Everything between its tags, as written. */
  readonly inner: string;
}

/**
 * The first element of an XML 1.0 document in UTF-8, read as strictly as Go does; what follows the element is ignored.
 * Only the five entities of XML and numeric ones are known: none can read a file or multiply. Throws `malformed` with
 * the position of the fault; the message never quotes the document.
 */
export function parseXml(body: Uint8Array, contentType: string | undefined): XmlElement {
  const source = decodeText(body);
  const expected = (what: string) =>
    new MusterError('malformed', `expected XML, got ${otherType(contentType) ?? what}`);
  if (source.trim() === '') throw new MusterError('malformed', 'expected XML, got an empty body');
  try {
    const root = readElement(source);
    if (root !== undefined) return root;
  } catch (error) {
    if (error instanceof Fault) throw expected(`${error.message} at character ${error.at}`);
    throw error;
  }
  throw expected(
    source.includes('<') ? `XML that breaks off after ${body.length} bytes` : 'text that is not XML',
  );
}

/** The content type, where it is not one of XML. */
export function otherType(contentType: string | undefined): string | undefined {
  const type = contentType?.split(';')[0]?.trim().slice(0, 100) ?? '';
  return type === '' || /xml/i.test(type) ? undefined : type;
}

/** A fault in the document, and its position in characters. */
class Fault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Levels of elements: far more than any list of instances has. */
const deepest = 1000;

interface OpenElement {
  readonly fullName: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
  readonly start: number;
}

/** The first element; undefined if the document ends before it does. */
function readElement(source: string): XmlElement | undefined {
  const open: OpenElement[] = [];
  for (let at = 0; at < source.length; ) {
    const mark = source.indexOf('<', at);
    const text = readText(source.slice(at, mark === -1 ? source.length : mark), at);
    const parent = open.at(-1);
    if (parent !== undefined) parent.text += text;
    if (mark === -1) return undefined;

    const markup = readMarkup(source, mark);
    if (markup === undefined) return undefined;
    at = markup.end;
    if (markup.kind === 'text' && parent !== undefined) parent.text += markup.text;
    if (markup.kind === 'start') {
      if (open.length >= deepest) throw new Fault('elements that are nested too deeply', mark);
      const { fullName, attributes } = markup;
      open.push({ fullName, attributes, children: [], text: '', start: at });
    }
    if (markup.kind === 'end' || (markup.kind === 'start' && markup.isEmpty)) {
      const done = open.pop();
      if (done?.fullName !== markup.fullName || done === undefined)
        throw new Fault('an end tag of another element', mark);
      const { attributes, children, start } = done;
      const inner = source.slice(start, markup.kind === 'end' ? mark : at);
      const element = { name: localName(done.fullName), attributes, children, text: done.text, inner };
      const outer = open.at(-1);
      if (outer === undefined) return element;
      outer.children.push(element);
    }
  }
  return undefined;
}

type Markup = { readonly end: number } & (
  | {
      readonly kind: 'start';
      readonly fullName: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly isEmpty: boolean;
    }
  | { readonly kind: 'end'; readonly fullName: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' }
);

/** The markup that begins with the `<` at this position; undefined if the document ends inside it. */
function readMarkup(source: string, at: number): Markup | undefined {
  const upTo = (ending: string, from: number) => {
    const found = source.indexOf(ending, from);
    return found === -1 ? undefined : found;
  };
  if (source.startsWith('<!--', at)) {
    const dashes = upTo('--', at + 4);
    if (dashes === undefined || dashes + 2 >= source.length) return undefined;
    if (source[dashes + 2] !== '>') throw new Fault('a comment with "--"', dashes);
    return { kind: 'other', end: dashes + 3 };
  }
  if (source.startsWith(cdata, at)) {
    const end = upTo(']]>', at);
    if (end === undefined) return undefined;
    return { kind: 'text', text: plainText(source.slice(at + cdata.length, end), at), end: end + 3 };
  }
  if (source.startsWith('<?', at)) {
    const end = upTo('?>', at);
    if (end === undefined) return undefined;
    checkDeclaration(source.slice(at, end), at);
    return { kind: 'other', end: end + 2 };
  }
  if (source.startsWith('<!', at)) return readDoctype(source, at);
  return readTag(source, at);
}

const cdata = '<![CDATA[';

/** Checks `<?xml …?>`; other instructions are ignored. */
function checkDeclaration(instruction: string, at: number): void {
  if (!/^<\?xml[ \t\r\n]/.test(instruction)) return;
  const pseudo = (name: string) =>
    new RegExp(`[ \t\r\n]${name}[ \t\r\n]*=[ \t\r\n]*["']([^"']*)`).exec(instruction)?.[1];
  if (!/^(?:1\.0)?$/.test(pseudo('version') ?? '')) throw new Fault('another version of XML', at);
  if (!/^(?:utf-8)?$/i.test(pseudo('encoding') ?? '')) throw new Fault('XML that is not in UTF-8', at);
}

/** Skips a document type with its declarations: the entities that it declares stay unknown. */
function readDoctype(source: string, at: number): Markup | undefined {
  const piece = /[<>]|"[^"]*"|'[^']*'|["']/g;
  piece.lastIndex = at + 2;
  if (/[[-]/.test(source[at + 2] ?? '')) throw new Fault('a declaration that is not well-formed', at);
  let depth = 1;
  for (let found = piece.exec(source); found !== null; found = piece.exec(source)) {
    if (found[0] === '<') depth += 1;
    if (found[0] === '>') depth -= 1;
    if (depth === 0) return { kind: 'other', end: piece.lastIndex };
  }
  return undefined;
}

const nameSyntax = String.raw`[\p{L}_:][\p{L}\p{M}\p{N}_:.·\-]*`;
const space = String.raw`[ \t\r\n]*`;
const attributeSyntax = `${space}(${nameSyntax})${space}=${space}(?:"([^"<]*)"|'([^'<]*)')`;

const tagPattern = new RegExp(
  `<(?<closing>/?)(?<name>${nameSyntax})(?![\\p{L}\\p{M}\\p{N}_:.·\\-])(?<attributes>(?:${attributeSyntax})*)${space}(?<empty>/?)>`,
  'uy',
);
const attributePattern = new RegExp(attributeSyntax, 'gu');

function readTag(source: string, at: number): Markup | undefined {
  tagPattern.lastIndex = at;
  const tag = tagPattern.exec(source)?.groups;
  const end = tagPattern.lastIndex;
  if (tag === undefined) {
    if (!source.includes('>', at)) return undefined;
    throw new Fault('a tag that is not well-formed', at);
  }
  const { closing, name: fullName = '', attributes = '', empty } = tag;
  if (fullName.split(':').length > 2) throw new Fault('a name with several colons', at);
  if (closing === '')
    return {
      kind: 'start',
      fullName,
      attributes: readAttributes(attributes, at),
      isEmpty: empty === '/',
      end,
    };
  if (attributes !== '' || empty !== '') throw new Fault('an end tag that is not well-formed', at);
  return { kind: 'end', fullName, end };
}

function readAttributes(text: string, at: number): ReadonlyMap<string, string> {
  const found = text === '' ? [] : [...text.matchAll(attributePattern)];
  return new Map(
    found.map(([, name = '', double, single = '']) => [localName(name), readText(double ?? single, at)]),
  );
}

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon > 0 && colon < name.length - 1 ? name.slice(colon + 1) : name;
}

/** The text between tags, or of an attribute, with entities replaced. */
function readText(text: string, at: number): string {
  if (text.includes(']]>')) throw new Fault('"]]>" in a text', at);
  const plain = plainText(text, at);
  if (!plain.includes('&')) return plain;
  return plain.replace(/&(?:#([0-9]+);|#x([0-9a-fA-F]+);|([a-z]+);)?/g, (_, decimal, hex, name) => {
    const known = entities.get(name);
    if (known !== undefined) return known;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (!(code <= 0x10_ffff)) throw new Fault('an entity that is not known', at);
    return plainText(String.fromCodePoint(code), at);
  });
}

const entities: ReadonlyMap<string | undefined, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);

const noCharacter = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** The text with each line end as one `\n`. Throws where a character is not one of XML. */
function plainText(text: string, at: number): string {
  if (noCharacter.test(text)) throw new Fault('a character that XML does not know', at);
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}
