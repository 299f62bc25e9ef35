import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { LogFormat, Logger } from '../base/logger.ts';

/** The surroundings of a command: its output, log, environment and signal. Tests pass their own. */
export interface Io {
  /** Writes the result, as a string or as UTF-8. Resolves when it is written. */
  readonly out: (text: string | Uint8Array) => Promise<void>;
  /** Writes progress and messages for a person. */
  readonly err: (text: string) => void;
  readonly log: Logger;
  /** The same log in another format. */
  readonly logAs?: ((format: LogFormat) => Logger) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the output goes to a terminal: then `out` may have colours, and `err` progress. */
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Characters in a line of the terminal; undefined if `out` is not a terminal. */
  readonly outColumns?: number | undefined;
  /** Fires on the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** From now on SIGHUP calls this and does not end the command: for commands that can read their settings again. */
  readonly onHangup?: ((reload: () => void) => void) | undefined;
}

/** An option of a command; it may also come from the environment. */
export interface Option {
  readonly help: string;
  /** Name of the value in the help. An option without it is a switch. */
  readonly value?: string;
  readonly short?: string | undefined;
  readonly env?: string;
  readonly default?: string;
  readonly required?: boolean;
  /** Whether it may be repeated; in the environment, spaces or commas separate the values. */
  readonly multiple?: boolean;
  /** The values that it may have. Default: any. */
  readonly choices?: readonly string[];
}

type Value<O extends Option> = O extends { readonly value: string }
  ? O extends { readonly multiple: true }
    ? readonly Text<O>[]
    : O extends { readonly default: string } | { readonly required: true }
      ? Text<O>
      : Text<O> | undefined
  : boolean;

type Text<O extends Option> = O extends { readonly choices: readonly (infer Choice)[] } ? Choice : string;

/** The options of a command, by their long names. */
export type Options = Readonly<Record<string, Option>>;
/** The values of options, by their long names. */
export type Values<O extends Options> = { readonly [Name in keyof O]: Value<O[Name]> };

/** Exit codes: everything went well; something failed; the command was called wrongly; `plan` found a change. */
export const exitCodes = { good: 0, failed: 1, usage: 2, changed: 2 } as const;
/** An exit code of the command. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A sub-command of `muster`. */
export interface Command extends CommandInfo {
  readonly help: string;
  readonly main: (args: readonly string[], io: Io) => Promise<ExitCode>;
}

/** An error of the command line. The message says what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The description of a command, for help, completion and manual. */
export interface CommandInfo {
  readonly name: string;
  /** The whole description, for the command's own help. */
  readonly description: string;
  readonly examples: readonly string[];
  readonly options: Options;
  /** Name of its positional argument in the help; undefined if it takes none. */
  readonly argument?: string | undefined;
  /** The most words that the argument may have. Default: 1. */
  readonly mostArguments?: number;
  /** Exit code for wrong usage, if not 2. */
  readonly wrongUsage?: ExitCode | undefined;
  /** The values that the argument may have. Default: any. */
  readonly argumentChoices?: readonly string[] | undefined;
}

interface Definition<O extends Options> extends CommandInfo {
  readonly options: O;
  readonly run: (
    values: Values<O>,
    io: Io,
    argument: string | undefined,
    more: readonly string[],
  ) => Promise<ExitCode>;
}

/** Makes a command from its options and its action. Its `main` throws `UsageError` for a wrong command line. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { run, ...info } = definition;
  const { options, argument, mostArguments = 1 } = info;
  return {
    ...info,
    help: formatHelp(info),
    async main(args, io) {
      const given = parseStrictly(args, specOf(options), argument !== undefined);
      const [first, ...more] = given.positionals;
      const surplus = more[mostArguments - 1];
      if (surplus !== undefined && mostArguments === 1)
        throw new UsageError(`there is one ${argument}, not two: "${surplus}" is too many`);
      if (surplus !== undefined) throw new UsageError(`"${surplus}" is too much: it takes ${argument}`);
      return run(readValues(options, given.values, io.env), io, first, more);
    },
  };
}

function specOf(options: Options): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short, multiple = false }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple,
        // Node's parser refuses a key whose value is undefined.
        ...(short !== undefined && { short }),
      },
    ]),
  );
}

function readValues<O extends Options>(options: O, given: Given, env: Io['env']): Values<O> {
  const values: Record<string, string | boolean | readonly unknown[] | undefined> = {};
  for (const [name, option] of Object.entries(options)) {
    const fromEnv = option.env === undefined ? undefined : env[option.env] || undefined;
    if (option.value === undefined) {
      values[name] = given[name] === true || fromEnv === 'true' || fromEnv === '1';
      continue;
    }
    const text = given[name];
    if (option.multiple === true) values[name] = Array.isArray(text) ? text : splitList(fromEnv);
    else values[name] = typeof text === 'string' ? text : (fromEnv ?? option.default);
    const all = valuesOf(values[name]);
    if (option.required === true && all.length === 0)
      throw new UsageError(`--${name} ${option.value} is missing`);
    const wrong = all.find((value) => !isChoice(option, value));
    if (wrong !== undefined)
      throw new UsageError(`--${name} is ${option.choices?.join(' or ')}, not "${wrong}"`);
  }
  if (!areValues(options, values)) throw new UsageError('an option has a value of the wrong kind');
  return values;
}

function splitList(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((item) => item !== '');
}

function valuesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

function isChoice({ choices }: Option, value: unknown): boolean {
  return choices === undefined || choices.some((choice) => choice === value);
}

function areValues<O extends Options>(
  options: O,
  values: Readonly<Record<string, unknown>>,
): values is Values<O> {
  return Object.entries(options).every(([name, option]) => {
    const value = values[name];
    if (option.value === undefined) return typeof value === 'boolean';
    if (Array.isArray(value) !== (option.multiple === true)) return false;
    return valuesOf(value).every((text) => typeof text === 'string' && isChoice(option, text));
  });
}

type Given = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

function parseStrictly(
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
  allowPositionals: boolean,
): { readonly values: Given; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, strict: true });
  } catch (error) {
    // `TypeError [CODE]: A sentence. Advice on what else to try.`
    const [sentence = ''] = String(error)
      .replace(/^\w+(?: \[\w+\])?: /, '')
      .split(/\.\s/);
    throw new UsageError(sentence.replace(/^(.)/, (first) => first.toLowerCase()));
  }
}

/** Characters of a line of the help; in a longer line the note moves to the next line. */
const lineWidth = 120;

function formatHelp({ name, description, examples, options, argument }: CommandInfo): string {
  const rows = Object.entries(options).map(
    ([long, { short, value, help, env, default: preset, required, multiple }]) => {
      const flag = `${short === undefined ? '    ' : `-${short}, `}--${long}${value === undefined ? '' : ` ${value}`}`;
      const notes = [
        required === true ? 'required' : '',
        multiple === true ? 'repeatable' : '',
        preset === undefined ? '' : `default ${preset}`,
        env === undefined ? '' : `env ${env}`,
      ];
      const note = notes.filter((text) => text !== '').join('; ');
      return [flag, help, note === '' ? '' : `(${note})`] as const;
    },
  );
  rows.push(['-h, --help', 'Show this help.', '']);
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const lines = rows.flatMap(([flag, help, note]) => {
    const line = `  ${flag.padEnd(width)}  ${help}`;
    const whole = `${line} ${note}`.trimEnd();
    return whole.length <= lineWidth ? [whole] : [line, `${' '.repeat(width + 4)}${note}`];
  });
  return `${description}\n\nUsage: muster ${name}${argument === undefined ? '' : ` ${argument}`} [options]\n\nOptions:\n${lines.join('\n')}\n\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`;
}
