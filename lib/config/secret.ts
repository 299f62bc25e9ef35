import { inspect } from 'node:util';
import { leaf, unlessEmpty } from './fields.ts';

const mask = '<secret>';

/** A text that is never shown: printing, logging or encoding it gives `<secret>`, as in Prometheus. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the code that sends it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}

/**
 * Where a credential's text comes from: the configuration itself, a file (relative to the configuration's folder,
 * read in each cycle), or a reference: `ssm:/path`, `secretsmanager:name#field`, `env:NAME`.
 */
export type Credential =
  | { readonly from: 'inline'; readonly secret: Secret }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'ref'; readonly ref: string };

/** Reads the text of a credential. Throws kind `config` or `denied`; the message has the place, never the text. */
export type ReadCredential = (credential: Credential, signal: AbortSignal) => Promise<string>;

/**
 * The three forms of one secret-bearing key, as optional fields: `password: secret()`, `password_file: secretFile()`,
 * `password_ref: secretRef()`. An empty text counts as absent, as in Prometheus. `credentialOf` puts them together;
 * `atMostOne` requires that only one is used.
 */
export function secret() {
  return inlineSecret;
}

/** Path of a file that holds the secret, relative to the configuration's folder. */
export function secretFile() {
  return secretPath;
}

/** Reference to a secret that is kept elsewhere. */
export function secretRef() {
  return reference;
}

/** The form that was configured. */
export function credentialOf(...forms: readonly (Credential | undefined)[]): Credential | undefined {
  return forms.find((form) => form !== undefined);
}

/** The path of a file, as an entry of a list. */
export function fileCredential() {
  return leaf<Credential>('the path of a file', (path) =>
    path === '' || path.includes('\0') ? undefined : { from: 'file', path },
  );
}

/** A reference, as an entry of a list. */
export function refCredential() {
  return leaf<Credential>(`a reference: ${referenceForms}`, (ref) =>
    parseReference(ref) === undefined ? undefined : { from: 'ref', ref },
  );
}

/** The parts of a reference to a credential. */
export interface Reference {
  /** The service that has it: `env`, `ssm` or `secretsmanager`. */
  readonly scheme: string;
  /** The name of the variable, parameter or secret, or an ARN. */
  readonly name: string;
  /** Key within a secret that holds JSON, after `#`. */
  readonly field?: string | undefined;
}

/** The forms of a reference, for messages. */
export const referenceForms = 'env:NAME, ssm:/path or secretsmanager:name#field';

/** Source of the alphabets: AWS Systems Manager and Secrets Manager API references; ARNs need the colons. */
const forms: Readonly<Record<string, RegExp>> = {
  env: /^(?<name>[A-Za-z_][A-Za-z0-9_]*)$/,
  ssm: /^(?<name>[A-Za-z0-9_./:-]+)$/,
  secretsmanager: /^(?<name>[A-Za-z0-9/_+=.@!:-]+)(?:#(?<field>.+))?$/u,
};

/** The reference's parts; `undefined` when the text is not a reference. */
export function parseReference(text: string): Reference | undefined {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0));
  const form = Object.hasOwn(forms, scheme) ? forms[scheme] : undefined;
  const parts = form?.exec(text.slice(colon + 1))?.groups;
  if (parts?.name === undefined) return undefined;
  return { scheme, name: parts.name, field: parts.field };
}

// One schema serves all keys of a form.
const inlineSecret = unlessEmpty(
  leaf<Credential>('text', (source) => ({ from: 'inline', secret: new Secret(source) })),
);
const secretPath = unlessEmpty(fileCredential());
const reference = unlessEmpty(refCredential());
