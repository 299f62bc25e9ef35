import { kubernetes } from '../../../lib/backends/kubernetes/index.ts';
import { discoverAs, type MechanismInput } from '../../../lib/backends/mechanism.ts';
import type { HttpClient } from '../../../lib/http/client.ts';
import type { Cursor, Listed } from '../../../lib/targets/discover.ts';
import type { TargetGroup } from '../../../lib/targets/group.ts';
import { openTestClient, readInline } from '../../support/http-client.ts';

/** What one listing yielded and returned. */
export interface Discovered {
  readonly batches: readonly (readonly TargetGroup[])[];
  /** As it was returned. */
  readonly listed: Listed | undefined;
  readonly cursor: Cursor | undefined;
}

/** Lists the server once, as the stanza says. */
export async function discover(
  server: { readonly url: string },
  stanza: object,
  input: Partial<MechanismInput> = {},
): Promise<Discovered> {
  const clients: HttpClient[] = [];
  const openHttp: MechanismInput['openHttp'] = async (config) => {
    const client = await openTestClient(config);
    clients.push(client);
    return client;
  };
  const config = kubernetes.schema.parse(
    'kubeconfig_file' in stanza ? stanza : { api_server: server.url, ...stanza },
  );
  const listing = discoverAs(kubernetes, config, {
    signal: new AbortController().signal,
    openHttp,
    readCredential: readInline,
    warn: () => undefined,
    ...input,
  });
  const batches: (readonly TargetGroup[])[] = [];
  try {
    for (;;) {
      const next = await listing.next();
      if (next.done === true) return { batches, listed: next.value, cursor: next.value?.cursor };
      batches.push(next.value);
    }
  } finally {
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  }
}
