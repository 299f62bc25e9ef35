import { zeroTime } from '../backends/kubernetes/wire/scalars.ts';

/** How far ahead a time is looked for. */
const maxYears = 5;

/** No search within these years needs as many: five years have 1,830 days, of which few are searched by hours. */
const maxSteps = 20_000;

/**
 * The first time after the given one; both in seconds of Unix time. The zero time of Go where there is none in five
 * years. Source: SpecSchedule.Next of netresearch's go-cron, with what it does where a clock is put forward or back.
 */
export function nextTime(schedule: Schedule, after: number): number {
  if (schedule === 'never') return zeroTime;
  if ('every' in schedule) return after + schedule.every;
  const { zone, ...fields } = schedule;
  if (Object.values(fields).some(({ size }) => size === 0)) return zeroTime;
  const place: Place = { time: after + 1, moved: false, stepsLeft: maxSteps };
  const lastYear = wallClock(place.time, zone).getUTCFullYear() + maxYears;
  while (wallClock(place.time, zone).getUTCFullYear() <= lastYear && takeStep(place)) {
    if (
      toMonth(schedule, place) &&
      toDay(schedule, place) &&
      toHour(schedule, place) &&
      toMinute(schedule, place)
    )
      return place.time;
  }
  return zeroTime;
}

/** Where the search stands. */
interface Place {
  time: number;
  /** Whether a part of the date was moved, so that the smaller ones are at their beginnings. */
  moved: boolean;
  /** Bounds the search, whatever a zone's clock does. */
  stepsLeft: number;
}

function takeStep(place: Place): boolean {
  place.stepsLeft -= 1;
  return place.stepsLeft > 0;
}

/**
 * Each of these moves to the first part of the date that fits; false where that led into the next larger part, or the
 * steps are used up.
 */
function toMonth({ month, zone }: Calendar, place: Place): boolean {
  while (takeStep(place)) {
    const wall = wallClock(place.time, zone);
    if (month.has(wall.getUTCMonth() + 1)) return true;
    if (!place.moved) {
      wall.setUTCDate(1);
      wall.setUTCHours(0, 0, 0);
      place.time = momentOf(wall, zone);
    }
    place.moved = true;
    const next = wallClock(place.time, zone);
    next.setUTCMonth(next.getUTCMonth() + 1);
    place.time = momentOf(next, zone);
    if (wallClock(place.time, zone).getUTCMonth() === 0) return false;
  }
  return false;
}

/** Day and weekday both have to fit. */
function toDay({ day, weekday, zone }: Calendar, place: Place): boolean {
  while (takeStep(place)) {
    const wall = wallClock(place.time, zone);
    if (day.has(wall.getUTCDate()) && weekday.has(wall.getUTCDay())) return true;
    if (!place.moved) {
      wall.setUTCHours(0, 0, 0);
      place.time = momentOf(wall, zone);
    }
    place.moved = true;
    const from = place.time;
    const next = wallClock(from, zone);
    // Samoa had no 30 December 2011: its midnight leads back to the day before, so the day after it is next.
    for (let days = 1; days <= 2 && place.time <= from; days++) {
      next.setUTCDate(next.getUTCDate() + 1);
      place.time = atMidnight(momentOf(next, zone), zone);
    }
    if (wallClock(place.time, zone).getUTCDate() === 1) return false;
  }
  return false;
}

function toHour({ hour, zone }: Calendar, place: Place): boolean {
  while (takeStep(place)) {
    const wall = wallClock(place.time, zone);
    if (hour.has(wall.getUTCHours())) return true;
    if (!place.moved) {
      wall.setUTCMinutes(0, 0);
      place.time = momentOf(wall, zone);
    }
    place.moved = true;
    place.time += 3600;
    const now = wallClock(place.time, zone).getUTCHours();
    // An hour that the clock jumped over is made up for at once.
    if (now - wall.getUTCHours() === 2 && hour.has(now - 1)) return true;
    if (now === 0) return false;
  }
  return false;
}

function toMinute({ minute, zone }: Calendar, place: Place): boolean {
  while (takeStep(place)) {
    const wall = wallClock(place.time, zone);
    const seconds = wall.getUTCSeconds();
    if (minute.has(wall.getUTCMinutes())) {
      if (seconds === 0) return true;
      // The search begins in the middle of a fitting minute: it goes on with the next, from the top.
      place.time += 60 - seconds;
      return false;
    }
    if (!place.moved) place.time -= seconds;
    place.moved = true;
    place.time += 60;
    if (wallClock(place.time, zone).getUTCMinutes() === 0) return false;
  }
  return false;
}

/** What the zone's clock shows at the time, as if it were at UTC. */
function wallClock(time: number, zone: Zone): Date {
  return new Date((time + zone.offsetAt(time)) * 1000);
}

/** The moment at which the zone's clock shows that, chosen as Go's time.Date does where there is none or two. */
function momentOf(wall: Date, { offsetAt }: Zone): number {
  const seconds = wall.getTime() / 1000;
  return seconds - offsetAt(seconds - offsetAt(seconds));
}

/** Midnight, or the hour that is as near to it where a clock is put forward at midnight. */
function atMidnight(time: number, zone: Zone): number {
  const hour = wallClock(time, zone).getUTCHours();
  if (hour === 0) return time;
  return hour > 12 ? time + (24 - hour) * 3600 : time - hour * 3600;
}

/** When a cron job is due: every so many seconds, by the calendar, or never by itself. */
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

/** The values of one field of a schedule that count. */
type CronField = ReadonlySet<number>;

interface CronBounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

/**
 * A field such as `*`, `1-5`, `0,30`, `9-17/2` or `22-2`, which goes round; undefined where it is none. Source: go-cron
 * of netresearch, which kube-state-metrics reads schedules with since 2.19.
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
  // Where the start lies far above the highest value, Go's count of them has wrapped round to a very large one.
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

/** Seconds of a duration as Go writes it, as in `1h30m`; undefined where it is none. */
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

/** A clock of some place, by whose wall a schedule goes. */
interface Zone {
  /** How far its clock is ahead of UTC at a moment of Unix time; both in seconds. */
  readonly offsetAt: (time: number) => number;
}

const utc: Zone = { offsetAt: () => 0 };

const zones = new Map<string, Zone | undefined>();

/** The zone of the name, as in `Europe/Vienna`; undefined where there is none. */
function zoneOf(name: string): Zone | undefined {
  if (name === 'UTC' || name === 'Local') return utc;
  if (!zones.has(name)) zones.set(name, openZone(name));
  return zones.get(name);
}

/** Names of the time zone database have at least their first letter in upper case; offsets are no names. */
function openZone(timeZone: string): Zone | undefined {
  if (!/^[A-Z]/.test(timeZone) || timeZone.length > 64) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    return { offsetAt: remembered((time) => offsetOf(format, time)) };
  } catch {
    return undefined;
  }
}

/** Clocks are changed at full quarters of an hour; asking the format is slow. */
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
