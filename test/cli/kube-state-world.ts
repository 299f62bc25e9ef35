import { retireOutputAfter } from '../../lib/kube-state/gate.ts';
import { changeOutputStatus } from '../../lib/kube-state/status.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import type { Workplace } from '../support/workplace.ts';

/** An entry of `kube_state_metrics` with the nodes of this API server, listed every second. */
export function outputEntry(name: string, api_server: string, more: object = {}): object {
  return { name, resources: ['nodes'], kubernetes: { api_server, refresh_interval: '1s' }, ...more };
}

/** A configuration with the job `api`, which asks this Consul every second. */
export function consulJob(server: string): object {
  return {
    scrape_configs: [{ job_name: 'api', consul_sd_configs: [{ server, refresh_interval: '1s' }] }],
  };
}

/** The texts of outputs in the store of a workplace, without what lies beside them. */
export async function publishedTexts(place: Workplace): Promise<readonly string[]> {
  return (await place.files('.muster/store/metrics')).filter((name) => !name.endsWith('.status.json'));
}

/** Changes the store as if an output had been out of the configuration for a quarter of an hour. */
export async function letWait(place: Workplace, name: string): Promise<void> {
  const store = createFileStore(`${place.folder}/.muster/store`);
  await changeOutputStatus(
    store,
    name,
    (status) => status?.leaving && { ...status, leaving: { ...status.leaving, waited: retireOutputAfter } },
  );
}
