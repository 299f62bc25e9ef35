import { leaf, unlessEmpty } from './fields.ts';
import { parseReference, referenceForms } from './reference.ts';
import { type Credential, Secret } from './secret.ts';

/**
 * The three forms of one secret-bearing key, as optional fields: `password: secret()`, `password_file: secretFile()`,
 * `password_ref: secretRef()`. An empty text counts as absent, as in Prometheus. `credentialOf` puts them together;
 * `atMostOne` sees to it that only one is used.
 */
export function secret() {
  return unlessEmpty(inlineCredential());
}

/** Path of a file that holds the secret, relative to the configuration's folder. */
export function secretFile() {
  return unlessEmpty(fileCredential());
}

/** Reference to a secret that is kept elsewhere. */
export function secretRef() {
  return unlessEmpty(refCredential());
}

/** The form that was configured. */
export function credentialOf(...forms: readonly (Credential | undefined)[]): Credential | undefined {
  return forms.find((form) => form !== undefined);
}

/** Text which is the secret itself. */
export function inlineCredential() {
  return leaf<Credential>('text', (source) => ({ from: 'inline', secret: new Secret(source) }));
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
