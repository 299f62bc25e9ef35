import { MusterError, toMusterError } from '../../base/errors.ts';
import { askInTurn } from '../../http/servers.ts';
import { shownUrl } from '../../http/url-text.ts';
import type { TargetGroup } from '../../targets/group.ts';
import { type Mechanism, serverNames } from '../mechanism.ts';
import { buildGroups, type SwarmContext } from './groups.ts';
import { type SwarmInfo, swarmInfo } from './rows.ts';
import { type SwarmConfig, swarmConfig } from './schema.ts';

/** Masters and nodes of a classic, standalone Swarm (1.x): a group of each. The cursor is the master that answered. */
export const swarm: Mechanism<SwarmConfig> = {
  name: 'swarm',
  configKey: 'swarm_sd_configs',
  schema: swarmConfig,
  server: ({ masters }) => serverNames(masters),
  async *discover({ masters, metrics_port, http: httpConfig }, input) {
    const http = await input.openHttp(httpConfig);
    const { server, answer } = await askInTurn(rotate(masters, input.cursor), input, (master, attempt) =>
      http.getJson({ ...attempt, url: infoUrl(master) }, swarmInfo),
    );
    const groups = read(answer, { masters, answered: server, metricsPort: metrics_port });
    const found = groups.reduce((sum, { targets }) => sum + targets.length, 0);
    input.onProgress?.({ read: found, total: found });
    yield groups;
    return { cursor: server };
  },
};

/** All masters, from the given one on; from the first where that one is not among them. */
function rotate(masters: readonly string[], first: string | undefined): readonly string[] {
  const at = first === undefined ? -1 : masters.indexOf(first);
  return at < 0 ? masters : [...masters.slice(at), ...masters.slice(0, at)];
}

function infoUrl(master: string): URL {
  return new URL(`${master}/info`);
}

function read(info: SwarmInfo, context: SwarmContext): TargetGroup[] {
  try {
    return buildGroups(info, context);
  } catch (error) {
    const { kind, message } = toMusterError(error);
    throw new MusterError(kind, `GET ${shownUrl(infoUrl(context.answered))}: ${message}`, { cause: error });
  }
}
