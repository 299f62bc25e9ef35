import { type ApiSettings, answerApi, type Denial } from './kubernetes/api/api.ts';
import { type GivenObjects, givenState } from './kubernetes/api/given.ts';
import { openHistory } from './kubernetes/api/history.ts';
import { type FleetServerOptions, startFleetServer } from './server.ts';

export async function startKubernetesFleet(
  options: FleetServerOptions & { objects: GivenObjects; resourceVersion?: number; token?: string },
) {
  const history = openHistory(givenState(options.objects, options.resourceVersion ?? 1000));
  const settings: ApiSettings = {
    token: options.token,
    listLatency: 0,
    denials: new Set<Denial>(),
    missingGroups: new Set<string>(),
    watchList: true,
  };
  const server = await startFleetServer((request) => answerApi(history, settings, request), options);
  return server;
}
