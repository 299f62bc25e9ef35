import { askInTurn, shuffled } from '../../http/servers.ts';
import { backendNames } from '../backend-names.ts';
import { type Mechanism, serverNames } from '../mechanism.ts';
import { appList, buildAppGroup, marathonInfo } from './groups.ts';
import { type MarathonConfig, marathonConfig } from './schema.ts';

const appsPath = '/v2/apps?embed=apps.tasks';

/** Tasks of Marathon's apps, each port a target: a group for each app that has any. */
export const marathon: Mechanism<MarathonConfig> = {
  name: 'marathon',
  configKey: 'marathon_sd_configs',
  schema: marathonConfig,
  server: ({ servers }) => serverNames(servers),
  async *discover(config, input) {
    const http = await input.openHttp(config.http);
    const { answer, server } = await askInTurn(shuffled(config.servers), input, (each, attempt) =>
      http.getJson({ ...attempt, url: new URL(`${each}${appsPath}`) }, appList),
    );
    const groups = answer.apps.map(buildAppGroup);
    input.onProgress?.({ read: groups.length, total: groups.length });
    yield groups.filter(({ targets }) => targets.length > 0);
    return await backendNames(input.signal, async (signal) => {
      const { frameworkId } = await http.getJson(
        { url: new URL(`${server}/v2/info`), signal, retry: false },
        marathonInfo,
      );
      return [frameworkId];
    });
  },
};
