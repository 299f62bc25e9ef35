import { docker } from '../../lib/backends/docker/index.ts';
import { dockerswarm } from '../../lib/backends/dockerswarm/index.ts';
import type { LabelSet } from '../../lib/targets/group.ts';
import { listTargets } from './discover.ts';
import { discoverWithPromtool, targetTexts } from './promtool.ts';

/** Targets as sorted texts, to be compared. */
export interface Found {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** What both find with the same stanza; the kind is `docker` or a role of Docker Swarm. */
export async function discoverWithBoth(kind: string, stanza: object, atLeast = 1): Promise<Found> {
  const ours = await listWithMuster(kind, stanza);
  const theirs = await discoverWithPromtool(
    kind === 'docker'
      ? { docker_sd_configs: [stanza] }
      : { dockerswarm_sd_configs: [{ role: kind, ...stanza }] },
    atLeast,
  );
  return { ours: ours.filter(hasAddress), theirs: theirs.filter(hasAddress) };
}

/** What Muster finds, without the labels that are newer than Prometheus 3.5. */
export async function listWithMuster(kind: string, stanza: object): Promise<readonly string[]> {
  const { groups } =
    kind === 'docker'
      ? await listTargets(docker, stanza)
      : await listTargets(dockerswarm, { role: kind, ...stanza });
  return targetTexts(groups.map((group) => ({ ...group, labels: asPrometheus35(group.labels) })));
}

const newer = ['__meta_docker_container_image', '__meta_docker_container_image_id'];

function asPrometheus35(labels: LabelSet): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !newer.includes(name)));
}

/** The one other difference: containers in a network with IPv6 alone have an address since Prometheus 3.14. */
function hasAddress(text: string): boolean {
  return !text.includes('"__meta_docker_network_name":"six"');
}
