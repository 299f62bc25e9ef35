import { type ErrorKind, MusterError } from '../base/errors.ts';
import { addressLabel, joinHostPort, type LabelSet, sanitizeLabelName } from '../targets/group.ts';

export { addressLabel, type ErrorKind, joinHostPort, type LabelSet, MusterError, sanitizeLabelName };

/**
 * How a key of a stanza is read. Make one with `text`, `url`, `int`, `bool`, `duration`, `oneOf` or `textList`. It is
 * plain data: the Muster that loads the backend reads the stanza, with its own messages.
 */
export interface Field<Value> {
  readonly type: 'text' | 'url' | 'int' | 'bool' | 'duration' | 'oneOf' | 'textList';
  /** The default, as it would be written in the file. Without a default the key is required. */
  readonly default?: string | number | boolean | undefined;
  /** The key may be absent, and then has no value. */
  readonly optional?: boolean | undefined;
  /** Of `int`. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Of `oneOf`. */
  readonly words?: readonly string[] | undefined;
  /** Returns what is wrong with the value, as in `must end with .example`. Undefined if nothing is. */
  readonly check?: ((value: Value) => string | undefined) | undefined;
}

/** The options of a field. */
type More<Value> = Pick<Field<Value>, 'check'>;

/** Any text that is not empty. */
export function text(byDefault?: string, more: More<string> = {}): Field<string> {
  return { type: 'text', default: byDefault, ...more };
}

/** An `http://` or `https://` URL without credentials, query and fragment, and without a `/` at its end. */
export function url(byDefault?: string, more: More<string> = {}): Field<string> {
  return { type: 'url', default: byDefault, ...more };
}

/** A whole number. */
export function int(
  limits: Pick<Field<number>, 'min' | 'max'> = {},
  byDefault?: number,
  more: More<number> = {},
): Field<number> {
  return { type: 'int', default: byDefault, ...limits, ...more };
}

/** `true` or `false`. */
export function bool(byDefault?: boolean): Field<boolean> {
  return { type: 'bool', default: byDefault };
}

/** A duration as Prometheus writes it, `1m30s`; its value is in milliseconds. */
export function duration(byDefault?: string, more: More<number> = {}): Field<number> {
  return { type: 'duration', default: byDefault, ...more };
}

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[], byDefault?: Word): Field<Word> {
  return { type: 'oneOf', words, default: byDefault };
}

/** A list of strings; empty if the key is absent. */
export function textList(more: More<readonly string[]> = {}): Field<readonly string[]> {
  return { type: 'textList', ...more };
}

/** The same key, which may be absent. */
export function optional<Value>({ default: _, ...field }: Field<Value>): Field<Value | undefined> {
  const { check } = field;
  return {
    ...field,
    optional: true,
    check: check && ((value) => (value === undefined ? undefined : check(value))),
  };
}

/** The keys of a stanza. */
export type Fields = Readonly<Record<string, Field<never>>>;

/** The value of a stanza with these keys, after defaults and checks. */
export type ConfigOf<F extends Fields> = {
  readonly [Key in keyof F]: F[Key] extends {
    readonly check?: ((value: infer Value) => string | undefined) | undefined;
  }
    ? Value
    : never;
};

/** Targets that share labels. */
export interface Group {
  /** Identifies the group within its provider, and stays the same from one listing to the next. */
  readonly source: string;
  /** Labels of all its targets, such as `__meta_inventory_rack`. */
  readonly labels?: LabelSet | undefined;
  /** `host:port` of each target, or its labels with `__address__` among them. */
  readonly targets: readonly (string | LabelSet)[];
}

/** The options of a request of `BackendInput.http`. */
export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** The input of one listing. */
export interface BackendInput {
  /**
   * Fires when the deadline of the listing passes, or Muster ends. Pass it to everything that waits; `http` has it
   * already.
   */
  readonly signal: AbortSignal;
  /**
   * The HTTP client of Muster's own backends, with the stanza's credentials, TLS, proxy and limits (`authorization`,
   * `basic_auth`, `oauth2`, `tls_config`, `proxy_url`, …, as in Prometheus) and with retries. Throws a `MusterError`
   * for everything that is not a success.
   */
  readonly http: {
    /** The JSON of the answer. Check it: a server may send anything. */
    json(url: string | URL, options?: RequestOptions): Promise<unknown>;
    text(url: string | URL, options?: RequestOptions): Promise<string>;
  };
  /** Folder that relative paths in the configuration start from. */
  readonly directory: string;
  /** Logs an oddity that does not make the listing fail. */
  readonly warn: (message: string) => void;
}

/** The description of a backend of your own, for `defineBackend`. */
export interface BackendDefinition<F extends Fields> {
  /**
   * Lower-case letters and digits. A job has its stanzas under `<name>_sd_configs`; providers are called `<name>-0`.
   */
  readonly name: string;
  /** The keys of a stanza. Muster adds those of the HTTP client, `refresh_interval` and `muster`. */
  readonly fields: F;
  /** Default of `refresh_interval`. Default: `1m`. */
  readonly refresh?: string | undefined;
  /** The server that is listed, without credentials. The gate judges the providers of a server together. */
  readonly server: (config: ConfigOf<F>) => string;
  /**
   * Lists all groups, in any order. A listing that ends is complete, and what is not in it is gone: throw when any
   * part could not be read. `throw new MusterError('unreachable', '…')` gives the kind of the failure.
   */
  readonly list: (config: ConfigOf<F>, input: BackendInput) => AsyncIterable<Group>;
}

/** A backend as Muster loads it: the default export of a file that `backends:` in muster.yml names. */
export interface Backend {
  readonly api: 1;
  readonly name: string;
  readonly fields: Fields;
  readonly refresh: string;
  readonly server: (config: never) => string;
  readonly list: (config: never, input: BackendInput) => AsyncIterable<Group>;
}

/**
 * Makes a backend from its description:
 *
 *     export default defineBackend({
 *       name: 'inventory',
 *       fields: { server: url(), rack: optional(text()) },
 *       server: ({ server }) => server,
 *       async *list({ server }, { http }) { … },
 *     });
 *
 * Nothing is checked here: Muster checks the backend when it loads it, and each group that it lists.
 */
export function defineBackend<const F extends Fields>(definition: BackendDefinition<F>): Backend {
  const { name, fields, refresh = '1m', server, list } = definition;
  return { api: 1, name, fields, refresh, server, list };
}
