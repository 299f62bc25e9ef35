import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { Settings } from './settings.ts';
import type { Value } from './template.ts';

/** What happens to the objects of a folder without anybody's doing. Days. */
interface Rule {
  readonly prefix: string;
  /** After which an object goes. Muster clears up itself, by the same figures; this is the net below it. */
  readonly expires?: number;
  /** After which what was overwritten or deleted goes. */
  readonly old: number;
}

/** Never an object of targets, parts or snapshots: they may stay as they are for years, and are all there is. */
function rules({ journalDays }: Settings): readonly Rule[] {
  return [
    { prefix: 'journal/', expires: journalDays, old: 30 },
    { prefix: 'retired/', expires: 90, old: 30 },
    { prefix: 'held/', expires: 30, old: 1 },
    { prefix: 'removals/', expires: 1, old: 1 },
    { prefix: 'config/', old: 30 },
    // Written every minute, or by the megabyte with each change: the journal tells their past, a day is for accidents.
    ...whole.map((folder) => ({ prefix: `${folder}/`, old: 1 })),
    ...['status/', 'metrics/', 'muster-conditional-writes'].map((prefix) => ({
      prefix,
      old: 1,
    })),
  ];
}

/** Folders whose objects are the only whole copy of a list. */
const whole = ['targets', 'parts', 'snapshots'];

/** The rules in CloudFormation's words. */
export function lifecycleResource(settings: Settings): readonly Value[] {
  return rules(settings).map(({ prefix, expires, old }) => ({
    Id: idOf(prefix),
    Status: 'Enabled',
    Prefix: prefix,
    // With an age S3 clears delete markers by itself.
    ...(expires === undefined ? { ExpiredObjectDeleteMarker: true } : { ExpirationInDays: expires }),
    NoncurrentVersionExpiration: { NoncurrentDays: old },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  }));
}

/** The rules in S3's words, and those of others that the bucket has. */
export function lifecycleRequest(settings: Settings, found: readonly LifecycleRule[]): LifecycleRule[] {
  const ours = rules(settings).map(
    ({ prefix, expires, old }): LifecycleRule => ({
      ID: idOf(prefix),
      Status: 'Enabled',
      Filter: { Prefix: prefix },
      Expiration: expires === undefined ? { ExpiredObjectDeleteMarker: true } : { Days: expires },
      NoncurrentVersionExpiration: { NoncurrentDays: old },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    }),
  );
  const ids = new Set(ours.map(({ ID }) => ID));
  return [...found.filter(({ ID }) => !ids.has(ID)), ...ours];
}

/** Names of rules that would take away lists which have not changed for long. */
export function rulesThatLoseLists(found: readonly LifecycleRule[]): readonly string[] {
  return found
    .filter(
      ({ Status, Expiration }) =>
        Status === 'Enabled' && (Expiration?.Days ?? Expiration?.Date) !== undefined,
    )
    .filter((rule) => {
      // A rule that names tags as well is none for our objects, which have no tags.
      if (rule.Filter?.Tag !== undefined || rule.Filter?.And?.Tags !== undefined) return false;
      const prefix = rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? rule.Prefix ?? '';
      return whole.some((folder) => prefix.startsWith(`${folder}/`) || `${folder}/`.startsWith(prefix));
    })
    .map(({ ID }) => ID ?? 'without a name');
}

function idOf(prefix: string): string {
  return `muster-${prefix.replace(/\/$/, '').replace(/^muster-/, '')}`;
}
