import type { ObjectStore } from '../../store/store.ts';
import { encodeJob, type ProviderId, parseStatusKey, statusKey } from '../../targets/keys.ts';
import type { TargetFolder } from './folder.ts';
import { idOfPath, segmentOf } from './plan.ts';
import type { SourceObject } from './state.ts';

/** A mirror as readers see it. */
export interface MirrorView {
  /** Its name among several; empty for a single one. */
  readonly name: string;
  /** Readers only read from it. */
  readonly store: ObjectStore;
  readonly folder: Pick<TargetFolder, 'path' | 'owned' | 'oddities' | 'listAt' | 'temporary'>;
  /** Whether a round has ended without an error, so that everything missing is known. */
  readonly ready: () => boolean;
}

/** A provider's list on disk, in a file of its own. */
export interface TargetFile {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  /** Full path. */
  readonly path: string;
  readonly targets: number;
  /** The object that it was made of; undefined if the bucket does not have it. */
  readonly made: SourceObject | undefined;
}

/** The mirrored files of one job, or of all, by source and in the order of their paths. */
export function targetFiles(sources: readonly MirrorView[], job?: string): readonly TargetFile[] {
  const wanted = job === undefined ? undefined : segmentFor(job);
  if (job !== undefined && wanted === undefined) return [];
  return sources.flatMap(({ name, folder }) =>
    [...folder.owned]
      .filter(([path, file]) => file.facts !== undefined && (wanted ?? segmentOf(path)) === segmentOf(path))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, file]) => ({
        source: name,
        ...idOfPath(path),
        path: folder.listAt(path),
        targets: file.targets,
        made: file.source,
      })),
  );
}

/** The folder name of a job; undefined for a name that no job can have. */
export function segmentFor(job: string): string | undefined {
  try {
    return job === '' ? undefined : encodeJob(job);
  } catch {
    return undefined;
  }
}

/** Whether a provider can have these names, which came from outside. */
export function isProvider(id: ProviderId): boolean {
  return segmentFor(id.job) !== undefined && parseStatusKey(statusKey(id)) !== undefined;
}
