import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { measure } from './measure.ts';
import { markdown, spreadOf } from './report.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/** A way to compress, and its way back. */
interface Way {
  readonly name: string;
  readonly pack: (bytes: Uint8Array) => Uint8Array;
  readonly unpack: (bytes: Uint8Array) => Uint8Array;
}

const ways: readonly Way[] = [
  ...[1, 3, 6].map((level) => ({
    name: `gzip ${level}`,
    pack: (bytes: Uint8Array) => gzipSync(bytes, { level }),
    unpack: (bytes: Uint8Array) => gunzipSync(bytes),
  })),
  ...[1, 3, 6].map((level) => ({
    name: `zstd ${level}`,
    pack: (bytes: Uint8Array) =>
      zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    unpack: (bytes: Uint8Array) => zstdDecompressSync(bytes),
  })),
];

/** How often each is measured; what is shown are medians. */
const rounds = 5;

/**
 * `npm run bench -- compression [PODS]`: what `muster run` wrote of a list of pods and of kube state, unpacked and packed again
 * in each way: bytes, and CPU seconds both ways.
 */
export async function benchCompression([pods = '10000']: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  try {
    const kinds = await record(folder, Number(pods));
    const rows = kinds.flatMap(({ name, bodies }) => compare(name, bodies));
    const heading = ['what', 'way', 'objects', 'MB', 'MB packed', 'CPU s to pack', 'CPU s to unpack'];
    process.stdout.write(markdown(heading, rows));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Kind {
  readonly name: string;
  /** Unpacked. */
  readonly bodies: readonly Uint8Array[];
}

/** What a run wrote that is compressed today, and the plain target file beside it. */
async function record(folder: string, pods: number): Promise<readonly Kind[]> {
  const fleet = await startKubernetesFleet({ seed: '1', pods, otherLists: true });
  try {
    const sd = (more: string) =>
      `{ job_name: j${more.length}, muster: { deadline: 10m${more} }, kubernetes_sd_configs: [{ role: pod, api_server: '${fleet.url}' }] }`;
    const kubernetes = `{ api_server: '${fleet.url}', authorization: { credentials: t } }`;
    await writeFile(
      join(folder, 'muster.yml'),
      `store: store\nscrape_configs: [${sd('')}, ${sd(', shards: 1')}]\nkube_state_metrics: [{ name: prod, kubernetes: ${kubernetes}, resources: [pods] }]\n`,
    );
    const run = await measure(process.execPath, [muster, 'run', '-c', join(folder, 'muster.yml')]);
    if (run.code !== 0) throw new Error(run.errors);
  } finally {
    await fleet.stop();
  }
  const store = join(folder, 'store');
  const read = async (name: string, below: string, unpack: (bytes: Uint8Array) => Uint8Array) => {
    const entries = await readdir(join(store, below), { recursive: true, withFileTypes: true });
    const files = entries.filter((one) => one.isFile() && !/\.(status\.json|manifest)$/.test(one.name));
    const bodies = files.map(async (one) => unpack(await readFile(join(one.parentPath, one.name))));
    return { name, bodies: await Promise.all(bodies) };
  };
  const plain = (bytes: Uint8Array) => bytes;
  return [
    await read('blocks (gzip 3 today)', 'parts', gunzipSync),
    await read('snapshots: indexes (gzip 3 today)', 'snapshots', gunzipSync),
    await read('journal entries (gzip 3 today)', 'journal', gunzipSync),
    await read('kube state (gzip 1 today, in members)', 'metrics', gunzipSync),
    await read('target file (plain today)', 'targets', plain),
  ];
}

/** In turn, so that a slow moment of the machine is one for all. */
function compare(name: string, bodies: readonly Uint8Array[]): readonly (readonly string[])[] {
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const seen = ways.map((way) => ({ way, packed: 0, pack: [] as number[], unpack: [] as number[] }));
  for (let round = 0; round < rounds; round += 1)
    for (const one of seen) {
      let packed: readonly Uint8Array[] = [];
      one.pack.push(
        cpuOf(() => {
          packed = bodies.map(one.way.pack);
        }),
      );
      one.unpack.push(
        cpuOf(() => {
          for (const body of packed) one.way.unpack(body);
        }),
      );
      one.packed = packed.reduce((sum, body) => sum + body.length, 0);
    }
  return seen.map(({ way, packed, pack, unpack }) => [
    ...[name, way.name, String(bodies.length), (bytes / 1e6).toFixed(2), (packed / 1e6).toFixed(3)],
    ...[spreadOf(pack).median.toFixed(3), spreadOf(unpack).median.toFixed(3)],
  ]);
}

/** CPU seconds of the process while it does something. */
function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
