import * as z from 'zod';
import { type HttpClientConfig, withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverList } from '../../config/sd-config.ts';
import { type Credential, credentialOf, secret, secretFile, secretRef } from '../../config/secret.ts';
import { atMostOne, rule } from '../../config/section.ts';
import { listBody, listField, mapField, structField, textField } from '../../http/json.ts';
import { askInTurn, shuffled } from '../../http/servers.ts';
import { type LabelSet, mapLabels, type TargetGroup, targetAt, withoutEmpty } from '../../targets/group.ts';
import { backendNames } from '../listing.ts';
import { type Mechanism, serverNames } from '../mechanism.ts';

/**
 * Labels that Marathon targets carry. A `…Prefix` is followed by the name of a label in Marathon, each character that
 * a label name cannot hold replaced by `_`. Source: Prometheus configuration reference, marathon_sd_config.
 */
const labels = {
  app: '__meta_marathon_app',
  image: '__meta_marathon_image',
  task: '__meta_marathon_task',
  portIndex: '__meta_marathon_port_index',
  appLabelPrefix: '__meta_marathon_app_label_',
  portDefinitionLabelPrefix: '__meta_marathon_port_definition_label_',
  portMappingLabelPrefix: '__meta_marathon_port_mapping_label_',
} as const;

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

/** The target group of one app: a target for each port of each task. */
export function buildAppGroup(app: App): TargetGroup {
  return {
    source: app.id,
    labels: withoutEmpty({
      [labels.app]: app.id,
      [labels.image]: app.container?.docker?.image ?? '',
      ...mapLabels(labels.appLabelPrefix, app.labels),
    }),
    targets: buildTargets(app),
  };
}

interface Port {
  /** 0 where Mesos chooses it for each task. */
  readonly number: number;
  readonly labels: LabelSet;
}

function buildTargets(app: App): LabelSet[] {
  let ports = portsOfApp(app);
  return app.tasks.flatMap((task) => {
    // As in Prometheus, the ports of the first task that has any count for the tasks after it.
    if (ports.length === 0) ports = task.ports.map((number) => ({ number, labels: {} }));
    return ports.map((port, index) => {
      const chosen = task.ports.length === ports.length ? task.ports[index] : undefined;
      return targetAt(hostOf(task, app), port.number === 0 ? (chosen ?? 0) : port.number, {
        [labels.task]: task.id,
        [labels.portIndex]: String(index),
        ...port.labels,
      });
    });
  });
}

/** The ports that the app defines; empty if only its tasks have ports. */
function portsOfApp(app: App): readonly Port[] {
  const { container, portDefinitions, requirePorts } = app;
  const mappings = container?.portMappings.length ? container.portMappings : container?.docker?.portMappings;
  if (mappings?.length)
    return mappings.map((mapping) => ({
      number: isOnContainerNetwork(app) ? mapping.containerPort : mapping.hostPort,
      labels: mapLabels(labels.portMappingLabelPrefix, mapping.labels),
    }));
  return portDefinitions.map((definition) => ({
    // A port that is not required is that of a load balancer; the task has another one.
    number: requirePorts ? definition.port : 0,
    labels: mapLabels(labels.portDefinitionLabelPrefix, definition.labels),
  }));
}

/** On a container network each task has its own address; until Mesos reports it, the agent's host stands in. */
function hostOf(task: Task, app: App): string {
  const own = isOnContainerNetwork(app) ? task.ipAddresses[0]?.ipAddress : undefined;
  return own ?? task.host;
}

function isOnContainerNetwork({ networks }: App): boolean {
  return networks[0]?.mode === 'container';
}

const port = z
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .nullish()
  .transform((value) => value ?? 0);
const labelMap = mapField(textField);

const portMapping = structField({ containerPort: port, hostPort: port, labels: labelMap });

/** A null or missing container is one without image and mappings. */
const container = z
  .object({
    // Marathon 1.5 moved the mappings from `docker` up.
    portMappings: listField(portMapping),
    docker: z.object({ image: textField, portMappings: listField(portMapping) }).nullish(),
  })
  .nullish();

const task = structField({
  id: textField,
  host: textField,
  ports: listField(port),
  ipAddresses: listField(structField({ ipAddress: textField })),
});

const app = z.object({
  id: z.string().min(1),
  labels: labelMap,
  container,
  portDefinitions: listField(structField({ port, labels: labelMap })),
  networks: listField(structField({ mode: textField })),
  requirePorts: z.boolean().nullish(),
  tasks: listField(task),
});

/** `GET /v2/apps?embed=apps.tasks`: the fields that are read. Source: Marathon's API reference. */
export const appList = z.object({ apps: listBody(app) });

/** An app with its tasks. */
export type App = z.infer<typeof app>;
type Task = z.infer<typeof task>;

/** `GET /v2/info`: the fields that are read. */
export const marathonInfo = z.object({ frameworkId: z.string().min(1) });
