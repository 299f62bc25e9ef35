/** Whether an object belongs to the shard; the same assignment as kube-state-metrics makes of its UID. */
export type Keep = (uid: string) => boolean;

/** `shard` of `total_shards`; undefined where there is only one, so that nothing has to be asked. */
export function keepShard(shard: number, totalShards: number): Keep | undefined {
  if (totalShards === 1) return undefined;
  return (uid) => jumpHash(fnv64a(uid), totalShards) === shard;
}

/** FNV-1a of 64 bits, of the text's UTF-8. */
export function fnv64a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask;
  return hash;
}

/** The bucket of a key. Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm". */
export function jumpHash(key: bigint, buckets: number): number {
  let bucket = -1;
  let next = 0;
  let state = key;
  while (next < buckets) {
    bucket = next;
    state = (state * 2862933555777941757n + 1n) & mask;
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}

const mask = 2n ** 64n - 1n;
