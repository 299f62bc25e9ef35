import { resolve } from 'node:path';
import { MusterError } from '../base/errors.ts';
import { readText } from '../base/files.ts';
import { tryParseJson } from '../base/json.ts';
import { parseReference, type ReadCredential, type Reference, referenceForms } from './secret.ts';

/** Reads the whole text of a secret. It ignores the field of the reference. */
export type ResolveReference = (reference: Reference, signal: AbortSignal) => Promise<string>;

/** Where credentials are read from. */
export interface CredentialReaderOptions {
  /** Folder that relative paths start from. */
  readonly directory: string;
  /** Environment variables, as `process.env` has them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Readers by scheme, as in `{ ssm, secretsmanager }`; `env` is built in. */
  readonly resolvers?: Readonly<Record<string, ResolveReference>>;
}

/** Largest credential in bytes. A bundle of all certification authorities is a quarter as large. */
const maxBytes = 1024 * 1024;

/**
 * Reads a credential each time it is called, so that a rotated one is seen. Text from files, the environment and
 * elsewhere loses the white space at its ends and may not be empty. Reading throws kind `config` for a variable, field
 * or scheme that does not exist and for an empty text, and what the reader of a file or scheme throws.
 */
export function createCredentialReader({
  directory,
  env,
  resolvers = {},
}: CredentialReaderOptions): ReadCredential {
  return async (credential, signal) => {
    if (credential.from === 'inline') return credential.secret.reveal();
    if (credential.from === 'file') {
      const path = resolve(directory, credential.path);
      return filled(await readText(path, { maxBytes, signal }), `credential file ${path}`);
    }
    const reference = parseReference(credential.ref);
    if (reference === undefined)
      throw new MusterError('config', `a credential's reference must look like ${referenceForms}`);
    const resolver = reference.scheme === 'env' ? fromEnvironment(env) : resolverOf(reference, resolvers);
    const text = await resolver(reference, signal);
    return filled(pickField(text, reference, credential.ref), `credential ${credential.ref}`);
  };
}

function fromEnvironment(env: CredentialReaderOptions['env']): ResolveReference {
  return async ({ name }) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined)
      throw new MusterError('config', `credential env:${name}: the variable is not set`);
    return value;
  };
}

function resolverOf(
  { scheme, name }: Reference,
  resolvers: Readonly<Record<string, ResolveReference>>,
): ResolveReference {
  const resolver = resolvers[scheme];
  if (resolver !== undefined) return resolver;
  throw new MusterError(
    'config',
    `credential ${scheme}:${name}: ${scheme} cannot be used here, use a file or env:`,
  );
}

/** `secretsmanager:name#field` is one text of a secret that holds a JSON mapping. */
function pickField(text: string, { field }: Reference, ref: string): string {
  if (field === undefined) return text;
  const value = fieldOf(text, field);
  if (value === undefined)
    throw new MusterError('config', `credential ${ref}: the secret has no text of this name`);
  return value;
}

function fieldOf(text: string, field: string): string | undefined {
  const parsed = tryParseJson(text);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const value = new Map<string, unknown>(Object.entries(parsed)).get(field);
  return typeof value === 'string' ? value : undefined;
}

function filled(text: string, what: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new MusterError('config', `${what} is empty`);
  return trimmed;
}
