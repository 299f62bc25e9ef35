import type { z } from 'zod';
import { MusterError, toMusterError } from '../../base/errors.ts';
import { int } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverList } from '../../config/sd-config.ts';
import { askInTurn } from '../../http/servers.ts';
import { shownUrl } from '../../http/url-text.ts';
import type { TargetGroup } from '../../targets/group.ts';
import { type Mechanism, serverNames } from '../mechanism.ts';
import { buildGroups, type SwarmContext } from './groups.ts';
import { type SwarmInfo, swarmInfo } from './rows.ts';

/** An element of `swarm_sd_configs`, which only Muster has. */
export const swarmConfig = httpSdConfig('30s', {
  ...ownFields,
  masters: serverList(),
  /** Where the nodes' metrics are. */
  metrics_port: int({ min: 1, max: 65_535 }, 8070),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
type SwarmConfig = z.output<typeof swarmConfig>;

/**
 * Masters and nodes of a classic, standalone Swarm (1.x): one group of each. The cursor is the master that answered; it
 * is asked first next time.
 */
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

/** All masters in their order, starting with the given one where it is among them. */
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
