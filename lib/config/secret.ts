import { inspect } from 'node:util';

const mask = '<secret>';

/** Text that never shows itself: printing, logging or encoding one gives `<secret>`, as Prometheus writes it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that sends it. */
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
 * read anew each cycle), or a reference: `ssm:/path`, `secretsmanager:name#field`, `env:NAME`.
 */
export type Credential =
  | { readonly from: 'inline'; readonly secret: Secret }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'ref'; readonly ref: string };

/** Gives the text behind a credential, or throws (kind `config` or `denied`) with its place but not its text. */
export type ReadCredential = (credential: Credential, signal: AbortSignal) => Promise<string>;
