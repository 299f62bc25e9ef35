import { MusterError } from '../errors.ts';
import { decodeFileSd, type FileSdGroup } from '../target/file-sd.ts';
import { hashOf } from '../target/relabel.ts';

/** Which part of all targets this Prometheus scrapes: those whose hash, modulo `count`, is `index`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Reads `0/3` to `2/3`, as `keep` after a `hashmod` counts. Throws (kind `config`) for anything else. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new MusterError(
    'config',
    `${JSON.stringify(text)} is not a shard; write 0/2 and 1/2 for the two of a pair`,
  );
}

/** The shard as the mirror's state remembers it. */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/**
 * What is left of a checked file_sd file in this shard: the same targets that a `hashmod` of `__address__` and a `keep`
 * of its value would leave.
 */
export function keepShard(groups: readonly FileSdGroup[], { index, count }: Shard): readonly FileSdGroup[] {
  const modulus = BigInt(count);
  const wanted = BigInt(index);
  return groups.flatMap(({ targets, labels }) => {
    const kept = targets.filter((address) => hashOf(address) % modulus === wanted);
    return kept.length === 0 ? [] : [{ targets: kept, labels }];
  });
}

/** The bytes of a file_sd file with only the targets of the shard, one group a line. Throws kind `malformed`. */
export function shardFileSd(bytes: Uint8Array, shard: Shard): Uint8Array {
  const lines = keepShard(decodeFileSd(bytes), shard).map((group) => JSON.stringify(group));
  return Buffer.from(lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`);
}
