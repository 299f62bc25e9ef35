import { docker } from '../../lib/backends/docker/index.ts';
import { dockerswarm } from '../../lib/backends/dockerswarm/index.ts';
import type { PrometheusVersion } from '../../lib/config/prometheus-version.ts';
import { listTargets } from './discover.ts';
import { discoverWithPromtool, targetTexts } from './promtool.ts';

/** Targets as sorted texts, to be compared. */
export interface Found {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** What both find with the same stanza; the kind is `docker` or a role of Docker Swarm. */
export async function discoverWithBoth(kind: string, stanza: object, atLeast = 1): Promise<Found> {
  const ours = await listWithMuster(kind, stanza, '3.5');
  const theirs = await discoverWithPromtool(
    kind === 'docker'
      ? { docker_sd_configs: [stanza] }
      : { dockerswarm_sd_configs: [{ role: kind, ...stanza }] },
    atLeast,
  );
  return { ours, theirs };
}

/** What Muster finds, as that version of Prometheus would. */
export async function listWithMuster(
  kind: string,
  stanza: object,
  prometheus?: PrometheusVersion,
): Promise<readonly string[]> {
  const { groups } =
    kind === 'docker'
      ? await listTargets(docker, stanza, { prometheus })
      : await listTargets(dockerswarm, { role: kind, ...stanza }, { prometheus });
  return targetTexts(groups);
}
