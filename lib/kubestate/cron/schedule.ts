import { type CronField, parseField } from './fields.ts';
import { parseGoDuration } from './go-duration.ts';
import { utc, type Zone, zoneOf } from './zone.ts';

/** When a cron job is due. */
export type Schedule = { readonly every: number } | Calendar;

interface Calendar {
  readonly minute: CronField;
  readonly hour: CronField;
  readonly day: CronField;
  readonly month: CronField;
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

/** The schedule, in UTC unless `TZ=` or `CRON_TZ=` in front of it names a zone; undefined where it is none. */
export function parseSchedule(source: string): Schedule | undefined {
  const zoned = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/s.exec(source);
  const zone = zoned === null ? utc : zoneOf(zoned[1] ?? '');
  const text = (zoned?.[2] ?? source).trim();
  if (zone === undefined) return undefined;
  if (text.startsWith('@every ')) {
    const seconds = parseGoDuration(text.slice('@every '.length));
    return seconds === undefined ? undefined : { every: Math.max(1, Math.floor(seconds)) };
  }
  const fields = (text.startsWith('@') ? (descriptors[text] ?? '') : text).split(/\s+/);
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = ''] = fields;
  if (fields.length !== 5) return undefined;
  const minute = parseField(minuteText, { min: 0, max: 59 });
  const hour = parseField(hourText, { min: 0, max: 23 });
  const day = parseField(dayText, { min: 1, max: 31 });
  const month = parseField(monthText, { min: 1, max: 12, names: months });
  const weekday = parseField(weekdayText, { min: 0, max: 6, names: weekdays });
  return minute && hour && day && month && weekday && { minute, hour, day, month, weekday, zone };
}

/** The first time after the given one; both in seconds of Unix time. The zero time of Go where there is none in five years. */
export function nextTime(schedule: Schedule, after: number): number {
  if ('every' in schedule) return after + schedule.every;
  const { zone, minute, hour } = schedule;
  const local = new Date((after + zone.offsetAt(after)) * 1000);
  const firstDay = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()) / 1000;
  const hours = [...hour.values].sort((a, b) => a - b);
  const minutes = [...minute.values].sort((a, b) => a - b);
  for (let day = firstDay, count = 0; count < 5 * 366; day += 86_400, count++) {
    if (!isDay(schedule, new Date(day * 1000))) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const wall = day + hour * 3600 + minute * 60;
        const time = momentOf(wall, zone);
        // A time that the clock jumps over does not come on that day.
        if (time > after && time + zone.offsetAt(time) === wall) return time;
      }
    }
  }
  return -62_135_596_800;
}

/** Where both day and weekday are given, either will do. */
function isDay({ day, month, weekday }: Calendar, date: Date): boolean {
  if (!month.values.has(date.getUTCMonth() + 1)) return false;
  const isOfMonth = day.values.has(date.getUTCDate());
  const isOfWeek = weekday.values.has(date.getUTCDay());
  return day.star || weekday.star ? isOfMonth && isOfWeek : isOfMonth || isOfWeek;
}

/** The first moment at which the zone's clock shows the time, which is given as if the clock were at UTC. */
function momentOf(wall: number, zone: Zone): number {
  const early = wall - Math.max(zone.offsetAt(wall - 86_400), zone.offsetAt(wall + 86_400));
  const late = wall - Math.min(zone.offsetAt(wall - 86_400), zone.offsetAt(wall + 86_400));
  return early + zone.offsetAt(early) === wall ? early : late;
}
