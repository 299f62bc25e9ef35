import type { Logger as Powertools } from '@aws-lambda-powertools/logger';
import type { LogFields, Logger } from '../../telemetry/log.ts';

/** Muster's logger over Powertools', which writes a line of JSON with the invocation's own fields. */
export function loggerOver(powertools: Powertools, own: LogFields = {}): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void =>
      powertools[level](message, plain({ ...own, ...fields }));
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => loggerOver(powertools, { ...own, ...fields }),
  };
}

/** Names that a line of Powertools has of its own. */
const taken = new Set(['level', 'message', 'timestamp', 'service', 'sampling_rate', 'xray_trace_id']);

/** The fields as plain JSON values, so that a Secret is its mask before anybody merges or copies it. */
function plain(fields: LogFields): Record<string, unknown> {
  const text = JSON.stringify(fields, (_key, value: unknown) => {
    if (value instanceof Error) return value.message;
    return typeof value === 'bigint' ? String(value) : value;
  });
  const entries = Object.entries(asRecord(JSON.parse(text)));
  return Object.fromEntries(entries.map(([name, value]) => [taken.has(name) ? `${name}_` : name, value]));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
