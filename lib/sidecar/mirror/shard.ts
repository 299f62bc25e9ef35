import { MusterError } from '../../base/errors.ts';
import { versionLabel } from '../../targets/file-sd.ts';
import { type FileSdGroup, readFileSd } from '../../targets/file-sd-reader.ts';
import { hashOf } from '../../targets/relabel.ts';

/** The part of all targets that this Prometheus scrapes: those whose hash modulo `count` is `index`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Parses a shard such as `0/3`; the index counts from 0. Throws `config`. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new MusterError(
    'config',
    `${JSON.stringify(text)} is not a shard: write 0/2 and 1/2 for the two of a pair`,
  );
}

/** The shard as `index/count`. */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** Filters the targets of a shard out of a file_sd file, piece by piece. */
export interface ShardFilter {
  /** Takes a piece and returns the bytes to write so far. Throws `malformed` where it is not file_sd JSON. */
  readonly push: (piece: Uint8Array) => Uint8Array;
  /** Returns the rest, the number of targets that were kept, and that of all targets. Throws `malformed`. */
  readonly end: () => { readonly rest: Uint8Array; readonly targets: number; readonly total: number };
}

/**
 * Keeps the targets that the relabelling actions `hashmod` of `__address__` and `keep` would keep, one group a line. A
 * group that loses all its targets goes too, unless it names the version.
 */
export function filterShard({ index, count }: Shard): ShardFilter {
  const modulus = BigInt(count);
  const wanted = BigInt(index);
  let out: Uint8Array[] = [];
  let separator = '[\n';
  let targets = 0;
  let total = 0;

  const reader = readFileSd((group, line) => {
    const kept = group.targets.filter((address) => hashOf(address) % modulus === wanted);
    total += group.targets.length;
    targets += kept.length;
    if (kept.length === 0 && !isMark(group)) return;
    const isWhole = line !== undefined && kept.length === group.targets.length;
    const bytes = isWhole ? line : Buffer.from(JSON.stringify({ targets: kept, labels: group.labels }));
    out.push(Buffer.from(separator), bytes);
    separator = ',\n';
  });

  function take(): Uint8Array {
    const taken = Buffer.concat(out);
    out = [];
    return taken;
  }

  return {
    push(piece) {
      reader.push(piece);
      return take();
    },
    end() {
      reader.end();
      out.push(Buffer.from(separator === '[\n' ? '[]\n' : '\n]\n'));
      return { rest: take(), targets, total };
    },
  };
}

/** Whether the group names the version of the list. */
function isMark({ targets, labels }: FileSdGroup): boolean {
  return targets.length === 0 && versionLabel in labels;
}
