import { zeroTime } from '../object/time.ts';
import type { Calendar, Schedule } from './schedule.ts';
import type { Zone } from './zone.ts';

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
