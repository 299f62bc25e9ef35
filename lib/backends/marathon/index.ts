import type { z } from 'zod';
import { type HttpClientConfig, withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverList } from '../../config/sd-config.ts';
import { type Credential, credentialOf, secret, secretFile, secretRef } from '../../config/secret.ts';
import { atMostOne, rule } from '../../config/section.ts';
import { askInTurn, shuffled } from '../../http/servers.ts';
import { backendNames } from '../listing.ts';
import { type Mechanism, serverNames } from '../mechanism.ts';
import { appList, buildAppGroup, marathonInfo } from './groups.ts';

const tokenKeys = ['auth_token', 'auth_token_file', 'auth_token_ref'] as const;

/** Keys that set the same header as the token. */
const otherWays = [
  'basic_auth',
  'authorization',
  'oauth2',
  'bearer_token',
  'bearer_token_file',
  'bearer_token_ref',
] as const;

const keys = httpSdConfig('30s', {
  ...ownFields,
  servers: serverList(),
  auth_token: secret(),
  auth_token_file: secretFile(),
  auth_token_ref: secretRef(),
});

type Keys = z.output<typeof keys>;

/** An element of `marathon_sd_configs`. Source: Prometheus configuration reference, marathon_sd_config. */
export const marathonConfig = keys
  .check(
    atMostOne<Keys, (typeof tokenKeys)[number]>(...tokenKeys),
    rule<Keys, (typeof tokenKeys)[number] | (typeof otherWays)[number]>(
      [...tokenKeys, ...otherWays],
      (config) => {
        const other = otherWays.find((key) => config[key] !== undefined);
        const hasToken = tokenKeys.some((key) => config[key] !== undefined);
        return hasToken && other !== undefined ? `cannot go with ${other}` : undefined;
      },
    ),
  )
  .transform(withHttpClient)
  .transform(({ auth_token, auth_token_file, auth_token_ref, http, ...own }) => ({
    ...own,
    http: withToken(http, credentialOf(auth_token, auth_token_file, auth_token_ref)),
  }));

/** One SD config after defaults and checks. */
type MarathonConfig = z.output<typeof marathonConfig>;

/** The header that DC/OS expects: `Authorization: token=…`. */
function withToken(http: HttpClientConfig, token: Credential | undefined): HttpClientConfig {
  return token ? { ...http, authorization: { type: 'token', separator: '=', credentials: token } } : http;
}

const appsPath = '/v2/apps?embed=apps.tasks';

/** Tasks of Marathon's apps, a target for each port: a group for each app that has any. */
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
