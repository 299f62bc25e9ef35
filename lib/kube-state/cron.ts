import { zeroTime } from '../backends/kubernetes/wire/scalars.ts';

/** The search covers this many years. */
const maxYears = 5;

/** More than any search needs: five years have 1,830 days, and few of them are searched by the hour. */
const maxSteps = 20_000;

/**
 * Returns the first scheduled time after the given one; both in seconds of Unix time. Go's zero time means none in five
 * years. Source: SpecSchedule.Next of netresearch's go-cron, including its behaviour when clocks change.
 */
export function nextTime(schedule: Schedule, after: number): number {
  if (schedule === 'never') return zeroTime;
  if ('every' in schedule) return after + schedule.every;
  const { zone, ...fields } = schedule;
  if (Object.values(fields).some(({ size }) => size === 0)) return zeroTime;
  const search: Search = { time: after + 1, moved: false, stepsLeft: maxSteps };
  const lastYear = wallClock(search.time, zone).getUTCFullYear() + maxYears;
  while (wallClock(search.time, zone).getUTCFullYear() <= lastYear && takeStep(search)) {
    if (
      toMonth(schedule, search) &&
      toDay(schedule, search) &&
      toHour(schedule, search) &&
      toMinute(schedule, search)
    )
      return search.time;
  }
  return zeroTime;
}

/** The state of a search. */
interface Search {
  time: number;
  /** Whether a part of the date has moved; then all smaller parts are at their minimum. */
  moved: boolean;
  /** Bounds the search, in case a zone's clock is odd. */
  stepsLeft: number;
}

function takeStep(search: Search): boolean {
  search.stepsLeft -= 1;
  return search.stepsLeft > 0;
}

/**
 * Each of these functions moves one part of the date to its next fitting value. It returns false when that reached the
 * next larger part, or when the steps are used up.
 */
function toMonth({ month, zone }: Calendar, search: Search): boolean {
  while (takeStep(search)) {
    const wall = wallClock(search.time, zone);
    if (month.has(wall.getUTCMonth() + 1)) return true;
    if (!search.moved) {
      wall.setUTCDate(1);
      wall.setUTCHours(0, 0, 0);
      search.time = momentOf(wall, zone);
    }
    search.moved = true;
    const next = wallClock(search.time, zone);
    next.setUTCMonth(next.getUTCMonth() + 1);
    search.time = momentOf(next, zone);
    if (wallClock(search.time, zone).getUTCMonth() === 0) return false;
  }
  return false;
}

/** Day and weekday must both fit. */
function toDay({ day, weekday, zone }: Calendar, search: Search): boolean {
  while (takeStep(search)) {
    const wall = wallClock(search.time, zone);
    if (day.has(wall.getUTCDate()) && weekday.has(wall.getUTCDay())) return true;
    if (!search.moved) {
      wall.setUTCHours(0, 0, 0);
      search.time = momentOf(wall, zone);
    }
    search.moved = true;
    const from = search.time;
    const next = wallClock(from, zone);
    // Samoa skipped 30 December 2011: its midnight falls on the day before, so the search goes on to the day after.
    for (let days = 1; days <= 2 && search.time <= from; days++) {
      next.setUTCDate(next.getUTCDate() + 1);
      search.time = atMidnight(momentOf(next, zone), zone);
    }
    if (wallClock(search.time, zone).getUTCDate() === 1) return false;
  }
  return false;
}

function toHour({ hour, zone }: Calendar, search: Search): boolean {
  while (takeStep(search)) {
    const wall = wallClock(search.time, zone);
    if (hour.has(wall.getUTCHours())) return true;
    if (!search.moved) {
      wall.setUTCMinutes(0, 0);
      search.time = momentOf(wall, zone);
    }
    search.moved = true;
    search.time += 3600;
    const now = wallClock(search.time, zone).getUTCHours();
    // An hour that the clock skipped counts as the next one.
    if (now - wall.getUTCHours() === 2 && hour.has(now - 1)) return true;
    if (now === 0) return false;
  }
  return false;
}

function toMinute({ minute, zone }: Calendar, search: Search): boolean {
  while (takeStep(search)) {
    const wall = wallClock(search.time, zone);
    const seconds = wall.getUTCSeconds();
    if (minute.has(wall.getUTCMinutes())) {
      if (seconds === 0) return true;
      // The search started within a fitting minute: it goes on from the start of the next minute.
      search.time += 60 - seconds;
      return false;
    }
    if (!search.moved) search.time -= seconds;
    search.moved = true;
    search.time += 60;
    if (wallClock(search.time, zone).getUTCMinutes() === 0) return false;
  }
  return false;
}

/** The zone's local time, stored as if it were UTC. */
function wallClock(time: number, zone: Zone): Date {
  return new Date((time + zone.offsetAt(time)) * 1000);
}

/** The time of a zone's local time. When there is none or two, it is chosen as in Go's time.Date. */
function momentOf(wall: Date, { offsetAt }: Zone): number {
  const seconds = wall.getTime() / 1000;
  return seconds - offsetAt(seconds - offsetAt(seconds));
}

/** Midnight, or the nearest hour when the clock skips midnight. */
function atMidnight(time: number, zone: Zone): number {
  const hour = wallClock(time, zone).getUTCHours();
  if (hour === 0) return time;
  return hour > 12 ? time + (24 - hour) * 3600 : time - hour * 3600;
}

/** When a cron job runs: at an interval in seconds, by the calendar, or never. */
export type Schedule = { readonly every: number } | Calendar | 'never';

interface Calendar {
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
 * Parses a schedule. It is in UTC unless it starts with `TZ=` or `CRON_TZ=`. Undefined if it is invalid.
 * Source: ParseStandard of netresearch's go-cron.
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

/** The name without the quotes that shells need. */
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

/** The values of one field of a schedule that count. */
type CronField = ReadonlySet<number>;

interface CronBounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

/**
 * Parses a field such as `*`, `1-5`, `0,30`, `9-17/2`, or `22-2`, which wraps around. Undefined if it is invalid.
 * Source: netresearch's go-cron, which kube-state-metrics uses since 2.19.
 */
function parseField(source: string, bounds: CronBounds): CronField | undefined {
  const values = new Set<number>();
  for (const part of source.split(',')) {
    if (part === '') continue;
    const range = parseRange(part, bounds);
    if (range === undefined) return undefined;
    addRange(values, range, bounds);
  }
  return values;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function parseRange(source: string, bounds: CronBounds): Range | undefined {
  const { min, max } = bounds;
  const [range = '', stepText, ...tooMany] = source.split('/');
  const ends = endsOf(range, stepText !== undefined, bounds);
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (tooMany.length > 0 || ends === undefined || step === undefined || step === 0) return undefined;
  const { start, end } = ends;
  if (start < min || end > max) return undefined;
  const size = end - start + 1 + (start > end ? max - min + 1 : 0);
  // When the start is far above the maximum, Go's unsigned size wraps around to a very large number.
  if (step > 1 && size >= 0 && step >= size) return undefined;
  return { start, end, step };
}

function endsOf(
  range: string,
  stepped: boolean,
  bounds: CronBounds,
): { readonly start: number; readonly end: number } | undefined {
  const [low = '', high, ...more] = range.split('-');
  if (low === '*' || low === '?') return { start: bounds.min, end: bounds.max };
  const start = numberOf(low, bounds);
  const end = high === undefined ? (stepped ? bounds.max : start) : numberOf(high, bounds);
  return start === undefined || end === undefined || more.length > 0 ? undefined : { start, end };
}

function addRange(values: Set<number>, { start, end, step }: Range, { min, max }: CronBounds): void {
  const size = max - min + 1;
  const last = start > end ? end + size : end;
  for (let value = start; value <= last; value += step)
    values.add(value > max ? ((value - min) % size) + min : value);
}

function numberOf(source: string, { names, min }: CronBounds): number | undefined {
  const index = names?.indexOf(source.toLowerCase()) ?? -1;
  return index >= 0 ? index + min : wholeNumber(source);
}

function wholeNumber(source: string): number | undefined {
  return /^\+?\d{1,15}$/.test(source) ? Number(source) : undefined;
}

/** Parses a Go duration such as `1h30m` into seconds. Undefined if it is invalid. */
function parseGoDuration(source: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(source) ?? [];
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let seconds = 0;
  for (const [, number, unit = ''] of rest.matchAll(/([\d.]+)([a-zµμ]+)/g))
    seconds += Number(number) * (units[unit] ?? 0);
  return sign === '-' ? -seconds : seconds;
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** A time zone. */
interface Zone {
  /** Offset from UTC at a Unix time; both in seconds. */
  readonly offsetAt: (time: number) => number;
}

const utc: Zone = { offsetAt: () => 0 };

const zones = new Map<string, Zone | undefined>();

/** The zone with the name, as in `Europe/Vienna`; undefined if there is none. */
function zoneOf(name: string): Zone | undefined {
  if (name === 'UTC' || name === 'Local') return utc;
  if (!zones.has(name)) zones.set(name, openZone(name));
  return zones.get(name);
}

/** Names in the time zone database start with a capital. Offsets such as `+01:00` are not names. */
function openZone(timeZone: string): Zone | undefined {
  if (!/^[A-Z]/.test(timeZone) || timeZone.length > 64) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    return { offsetAt: remembered((time) => offsetOf(format, time)) };
  } catch {
    return undefined;
  }
}

/** Seconds. Clocks change at full quarters of an hour, and formatting is slow. */
const quarter = 900;
const maxRemembered = 10_000;

function remembered(offsetAt: Zone['offsetAt']): Zone['offsetAt'] {
  const known = new Map<number, number>();
  return (time) => {
    const key = Math.floor(time / quarter);
    const found = known.get(key);
    if (found !== undefined) return found;
    const offset = offsetAt(time);
    if (known.size >= maxRemembered) known.clear();
    known.set(key, offset);
    return offset;
  };
}

function offsetOf(format: Intl.DateTimeFormat, time: number): number {
  const name = format.formatToParts(time * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? [];
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -offset : offset;
}
