/** A clock of some place, by whose wall a schedule goes. */
export interface Zone {
  /** How far its clock is ahead of UTC at a moment of Unix time; both in seconds. */
  readonly offsetAt: (time: number) => number;
}

export const utc: Zone = { offsetAt: () => 0 };

const zones = new Map<string, Zone | undefined>();

/** The zone of the name, as in `Europe/Vienna`; undefined where there is none. */
export function zoneOf(name: string): Zone | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return utc;
  if (!zones.has(name)) zones.set(name, openZone(name));
  return zones.get(name);
}

function openZone(timeZone: string): Zone | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    return { offsetAt: (time) => offsetOf(format, time) };
  } catch {
    return undefined;
  }
}

function offsetOf(format: Intl.DateTimeFormat, time: number): number {
  const name = format.formatToParts(time * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? [];
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -offset : offset;
}
