import { isAbsolute, relative, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { isMapping, scalarText } from '../config/fields.ts';
import type { KeyPath } from '../config/problem.ts';
import { encodeJob } from '../targets/keys.ts';
import { printText, type TextEdit } from './spans.ts';

/** An inline credential that moves into a file. */
export interface MovedCredential {
  /** Path of the file, below the folder of `muster.yml`. */
  readonly path: string;
  readonly secret: string;
  readonly job: string;
  /** Path of the key in the job. */
  readonly key: KeyPath;
}

/** An inline credential that stays, because the mechanism has no key for a file. */
export interface KeptCredential {
  readonly job: string;
  readonly key: KeyPath;
}

/** Folder of the credential files, beside `muster.yml`. */
const credentialsFolder = 'muster-credentials';

/** Keys that hold a credential, by section; `*` is the SD config itself. Each has a twin that ends in `_file`. */
const movable: Readonly<Record<string, readonly string[]>> = {
  '*': ['bearer_token', 'token', 'auth_token'],
  basic_auth: ['password'],
  authorization: ['credentials'],
  oauth2: ['client_secret', 'client_certificate_key'],
  tls_config: ['key'],
};

/** The move of a job's SD configs to `muster.yml`; `moved` and `kept` collect the credentials. */
export interface Carrier {
  readonly job: string;
  /** The folder that relative paths in the job start from. */
  readonly from: string;
  /** Folder of `muster.yml`. */
  readonly to: string;
  readonly moved: MovedCredential[];
  readonly kept: KeptCredential[];
}

/**
 * The SD configs of one key as they go into `muster.yml`: inline credentials become files, and relative paths lead to
 * the same files from the other folder.
 */
export function carry(carrier: Carrier, configKey: string, configs: readonly unknown[]): readonly unknown[] {
  return configs.map((config, index) => carryValue(carrier, config, [configKey, index]));
}

function carryValue(carrier: Carrier, value: unknown, path: KeyPath): unknown {
  if (Array.isArray(value)) return value.map((item, index) => carryValue(carrier, item, [...path, index]));
  if (!isMapping(value)) return value;
  const isHeader = path.at(-2) === 'http_headers';
  const carried = new Map<string, unknown>();
  for (const [key, part] of Object.entries(value)) {
    const keyPath = [...path, key];
    const text = scalarText(part);
    if (isHeader && (key === 'secrets' || key === 'files') && Array.isArray(part)) {
      for (const [index, item] of part.entries()) {
        const one = carryHeader(carrier, item, [...keyPath, index]);
        carried.set(one.key, [...listAt(carried, one.key), one.value]);
      }
    } else if (text !== undefined && isMovable(key, path) && fitsFile(text)) {
      carried.set(`${key}_file`, moveCredential(carrier, text, keyPath));
    } else if (text !== undefined && text !== '' && key.endsWith('_file')) {
      carried.set(key, carryPath(carrier, text));
    } else {
      if (text !== undefined && holdsCredential(key, text)) keep(carrier, keyPath);
      if (key === 'proxy_connect_header' && isMapping(part)) keep(carrier, keyPath);
      carried.set(key, key === 'claims' ? part : carryValue(carrier, part, keyPath));
    }
  }
  return Object.fromEntries(carried);
}

function carryHeader(
  carrier: Carrier,
  item: unknown,
  path: KeyPath,
): { readonly key: string; readonly value: unknown } {
  const text = scalarText(item);
  const isFile = path.at(-2) === 'files';
  if (isFile) return { key: 'files', value: text === undefined ? item : carryPath(carrier, text) };
  if (text !== undefined && fitsFile(text))
    return { key: 'files', value: moveCredential(carrier, text, path) };
  keep(carrier, path);
  return { key: 'secrets', value: item };
}

function isMovable(key: string, path: KeyPath): boolean {
  const section = path.length === 2 ? '*' : String(path.at(-1));
  return (Object.hasOwn(movable, section) ? movable[section] : undefined)?.includes(key) === true;
}

/** Whether a file can hold the text: a reader trims white space and refuses an empty file. */
function fitsFile(text: string): boolean {
  return text !== '' && text.trim() === text;
}

/** Whether the key may hold a credential that cannot move into a file. */
function holdsCredential(key: string, text: string): boolean {
  if (text === '') return false;
  if (
    /^(?:password|credentials|client_secret|client_certificate_key|bearer_token|token|auth_token)$/.test(key)
  )
    return true;
  return key === 'proxy_url' && /^[a-z]+:\/\/[^/@]*:[^/@]+@/i.test(text);
}

function keep({ job, kept }: Carrier, path: KeyPath): void {
  kept.push({ job, key: path });
}

function moveCredential({ job, moved }: Carrier, secret: string, path: KeyPath): string {
  // Equal SD configs stay equal.
  const shape = (key: KeyPath) => JSON.stringify(key.toSpliced(1, 1));
  const same = moved.find(
    (one) => one.job === job && one.secret === secret && shape(one.key) === shape(path),
  );
  if (same !== undefined) return same.path;
  const [mechanism = '', index = 0, ...rest] = path;
  const name = [`${mechanism}`.replace(/_sd_configs$/, `-${index}`), ...rest].join('.');
  const file = `${credentialsFolder}/${encodeJob(job)}/${name.replace(/[^\w.-]/g, '_')}`;
  moved.push({ path: file, secret, job, key: path });
  return file;
}

function carryPath({ from, to }: Carrier, path: string): string {
  if (isAbsolute(path) || from === to) return path;
  const full = resolve(from, path);
  const below = relative(to, full);
  return below.startsWith('..') || isAbsolute(below) ? full : below;
}

function listAt(map: ReadonlyMap<string, unknown>, key: string): readonly unknown[] {
  const value = map.get(key);
  return Array.isArray(value) ? value : [];
}

/** The edits that make the text of SD configs match the value that `carry` returned. Aliases are not edited. */
export function carryEdits(node: ParsedNode | null, before: unknown, after: unknown): readonly TextEdit[] {
  if (node === null || isAlias(node)) return [];
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after))
    return node.items.flatMap((item, index) => carryEdits(item, before[index], after[index]));
  if (isScalar(node)) {
    const [was, is] = [scalarText(before), scalarText(after)];
    return is === undefined || was === is ? [] : [putFor(node, is)];
  }
  if (!isMap(node) || !isMapping(before) || !isMapping(after)) return [];
  const [old, now] = [before, after].map((one) => new Map<string, unknown>(Object.entries(one)));
  return node.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : '';
    if (now?.has(name)) return carryEdits(value, old?.get(name), now.get(name));
    const file = name === 'secrets' ? 'files' : `${name}_file`;
    const put = now?.get(file);
    if (put === undefined || value === null || isAlias(value)) return [];
    return [
      { start: key.range[0], end: key.range[1], text: file },
      ...carryEdits(value, old?.get(name), put),
    ];
  });
}

function putFor(node: ParsedNode, text: string): TextEdit {
  return { start: node.range[0], end: node.range[1], text: printText(text) };
}
