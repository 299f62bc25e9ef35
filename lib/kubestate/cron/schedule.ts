import { type CronField, parseField } from './fields.ts';
import { parseGoDuration } from './go-duration.ts';
import { utc, type Zone, zoneOf } from './zone.ts';

/** When a cron job is due: every so many seconds, by the calendar, or never by itself. */
export type Schedule = { readonly every: number } | Calendar | 'never';

export interface Calendar {
  readonly minute: CronField;
  readonly hour: CronField;
  readonly day: CronField;
  readonly month: CronField;
  /** Sunday is 0. */
  readonly weekday: CronField;
  readonly zone: Zone;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const never: readonly string[] = ['@triggered', '@manual', '@none'];

/** In bytes. */
const maxLength = 1024;
/** Seconds: what Go's durations reach to. */
const maxDuration = 2 ** 63 / 1e9;

/**
 * The schedule, in UTC unless `TZ=` or `CRON_TZ=` in front of it names a zone; undefined where it is none. Source:
 * ParseStandard of netresearch's go-cron.
 */
export function parseSchedule(source: string): Schedule | undefined {
  const zoned = /^(?:CRON_)?TZ=([^ ]*)(?: (.*))?$/s.exec(source);
  const zone = zoned === null ? utc : zoneOf(unquoted(zoned[1] ?? ''));
  const text = zoned === null ? source : (zoned[2] ?? '').trim();
  if (zone === undefined || Buffer.byteLength(source) > maxLength) return undefined;
  if (never.includes(text)) return 'never';
  if (text.startsWith('@every ')) return parseEvery(text.slice('@every '.length));
  return parseCalendar(text.startsWith('@') ? (descriptors[text] ?? '') : text, zone);
}

/** Without the quotes around it, which shells want. */
function unquoted(name: string): string {
  return /^(["'])(.*)\1$/.exec(name)?.[2] ?? name;
}

function parseEvery(source: string): Schedule | undefined {
  const seconds = parseGoDuration(source);
  if (seconds === undefined || seconds < 1 || seconds >= maxDuration) return undefined;
  return { every: Math.floor(seconds) };
}

function parseCalendar(source: string, zone: Zone): Calendar | undefined {
  const fields = source.trim().split(/\s+/);
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = ''] = fields;
  if (fields.length !== 5) return undefined;
  const minute = parseField(minuteText, { min: 0, max: 59 });
  const hour = parseField(hourText, { min: 0, max: 23 });
  const day = parseField(dayText, { min: 1, max: 31 });
  const month = parseField(monthText, { min: 1, max: 12, names: months });
  const weekday = parseField(weekdayText, { min: 0, max: 7, names: weekdays });
  if (!(minute && hour && day && month && weekday)) return undefined;
  // 7 is Sunday, too.
  return { minute, hour, day, month, weekday: new Set([...weekday].map((value) => value % 7)), zone };
}
