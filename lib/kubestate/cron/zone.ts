/** A clock of some place, by whose wall a schedule goes. */
export interface Zone {
  /** How far its clock is ahead of UTC at a moment of Unix time; both in seconds. */
  readonly offsetAt: (time: number) => number;
}

export const utc: Zone = { offsetAt: () => 0 };

const zones = new Map<string, Zone | undefined>();

/** The zone of the name, as in `Europe/Vienna`; undefined where there is none. */
export function zoneOf(name: string): Zone | undefined {
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
