import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Programs that tests run against, where `npm run programs` puts them, and which of that name on the PATH will do.
 * The other half of the table is in infra/setup/programs.sh.
 */
const programs = {
  prometheus: { file: 'sid/usr/bin/prometheus', version: /version 3\./ },
  promtool: { file: 'sid/usr/bin/promtool', version: /version 3\./ },
  /** Still has Consul discovery, which Debian builds Prometheus 3 without. */
  prometheus2: { file: 'bullseye/usr/bin/prometheus', version: /version 2\./ },
  consul: { file: 'bullseye/usr/bin/consul', version: /Consul v1\./ },
  /** With containerd and runc beside it, and busybox as what containers hold; see startDockerd. */
  dockerd: { file: 'docker/usr/sbin/dockerd' },
  /** Docker's command, which builds images as a user does. */
  docker: { file: 'docker/usr/bin/docker' },
  /** With the rest of Ceph beside it; see startRadosGateway. */
  radosgw: { file: 'ceph/usr/bin/radosgw' },
  nsd: { file: 'nsd/usr/sbin/nsd' },
  /** What the mirror is measured beside. */
  rclone: { file: 'rclone/usr/bin/rclone', version: /rclone v1\./ },
  /** Runs a program in a mount namespace of its own; part of every Debian. */
  unshare: { version: /util-linux/ },
  /** Not a program but a jar, beside those it needs; see startZookeeper. */
  zookeeper: { file: 'zookeeper/usr/share/java/zookeeper.jar' },
  /** Of the system itself: a JVM does not run from a folder it was merely unpacked to. */
  java: { version: /^openjdk (?:1[1-9]|[2-9]\d)/ },
  /** Of the system itself: its libraries are too many to unpack. */
  chromium: { version: /Chromium \d+/ },
  /** Not a program but the folder for PYTHONPATH; see startMoto. */
  moto: { file: 'moto/usr/lib/python3/dist-packages' },
} satisfies Record<string, { file?: string; version?: RegExp }>;

export type ProgramName = keyof typeof programs;

/** The path of the program: the unpacked one, else a fitting one on the PATH, else `undefined`. */
export function findProgram(name: ProgramName): string | undefined {
  const { file, version }: { file?: string; version?: RegExp } = programs[name];
  const unpacked = file && join(import.meta.dirname, '../../.programs', file);
  if (unpacked && existsSync(unpacked)) return unpacked;
  return version && findOnPath(name.replace(/\d+$/, ''), version);
}

/** The path of each program; throws with what to do where one is missing. */
export function requireProgram(name: ProgramName): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not here: npm run programs`);
  return path;
}

function findOnPath(file: string, version: RegExp): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, file))
    .find((path) => existsSync(path) && version.test(printVersion(path)));
}

function printVersion(path: string): string {
  try {
    return execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch {
    return '';
  }
}
