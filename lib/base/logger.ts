import { MusterError } from './errors.ts';

/** Levels by rising weight; a logger writes its own level and all after it. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
/** A level of the log. */
export type LogLevel = (typeof logLevels)[number];

/** The level of MUSTER_LOG_LEVEL, `info` if it is empty. Throws kind `config` for an unknown level. */
export function readLogLevel({ MUSTER_LOG_LEVEL: text }: NodeJS.ProcessEnv): LogLevel {
  const level = text || 'info';
  const known = logLevels.find((one) => one === level);
  if (known !== undefined) return known;
  const shown = JSON.stringify(level.toWellFormed().slice(0, 100));
  throw new MusterError(
    'config',
    `MUSTER_LOG_LEVEL is ${logLevels.slice(0, -1).join(', ')} or ${logLevels.at(-1)}, not ${shown}`,
  );
}

/** Fields of a line. An absent value leaves the field out; a Secret prints as `<secret>`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log with levels. A call never throws. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to all its lines. */
  with(fields: LogFields): Logger;
}

/** The options of a logger. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes one whole line, its line break included. */
  readonly write: (line: string) => void;
  readonly now?: (() => Date) | undefined;
  /** Default: text. */
  readonly format?: LogFormat | undefined;
}

/** How lines are written: as logfmt, or each as a JSON object with the same fields. */
export type LogFormat = 'text' | 'json';

/**
 * A logger of logfmt lines, `ts=… level=… msg=… key=value`, or of JSON, `{"ts":…,"level":…,"msg":…}`. A line is one
 * line, for any values.
 */
export function createLogger({
  level,
  write,
  now = () => new Date(),
  format = 'text',
}: LoggerOptions): Logger {
  const formatLine = format === 'json' ? formatJson : formatFields;
  const lowest = logLevels.indexOf(level);
  return loggerTo((of, message, fields) => {
    if (logLevels.indexOf(of) < lowest) return;
    const head = { ts: now(), level: of, msg: message };
    write(`${formatLine({ ...fields, ...head }, head)}\n`);
  });
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};

/** A logger that gives each line to `write`, with the fields of the line and its own. */
export function loggerTo(
  write: (level: LogLevel, message: string, fields: LogFields) => void,
  own: LogFields = {},
): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      write(level, message, { ...own, ...fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => loggerTo(write, { ...own, ...fields }),
  };
}

/** The fields at the beginning of a line. Other fields cannot have their names. */
function namesOf(fields: LogFields, head: LogFields): readonly string[] {
  const names = [...Object.keys(head), ...Object.keys(fields).filter((name) => !(name in head))];
  return names.filter((name) => fields[name] !== undefined);
}

function formatJson(fields: LogFields, head: LogFields): string {
  const parts = namesOf(fields, head).map((name) => `${JSON.stringify(name)}:${jsonOf(fields[name])}`);
  // Such characters are only inside strings, which may have escapes.
  return `{${parts.join(',').replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, escapeUnits)}}`;
}

function jsonOf(value: unknown): string {
  if (value instanceof Error || typeof value === 'bigint') return JSON.stringify(textOf(value));
  try {
    return JSON.stringify(value) ?? JSON.stringify(String(value));
  } catch {
    return JSON.stringify(String(value));
  }
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, index) => unitOf(character.charCodeAt(index))).join('');
}

function unitOf(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

function formatFields(fields: LogFields, head: LogFields): string {
  return namesOf(fields, head)
    .map((name) => `${name.replace(/[^\w.-]/g, '_')}=${formatValue(fields[name])}`)
    .join(' ');
}

function formatValue(value: unknown): string {
  const text = textOf(value);
  return /^[!#-<>-[\]-~]+$/.test(text) ? text : `"${text.toWellFormed().replace(unsafe, escapeCharacter)}"`;
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return value.message;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    // A string from a value's own toJSON, such as a Secret's mask, does not need quotes again.
    const json: unknown = JSON.parse(JSON.stringify(value));
    return typeof json === 'string' ? json : JSON.stringify(json);
  } catch {
    return String(value);
  }
}

/** Quotes, backslashes, and characters that can break a line or turn the reading direction of a terminal. */
const unsafe = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return named[character] ?? (code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`);
}
