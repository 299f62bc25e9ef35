import * as z from 'zod';
import { flagField, listBody, mapField, textField } from '../../../http/go-json.ts';
import type { LabelSet } from '../../../target/group.ts';
import { mapLabels } from '../../../target/map-labels.ts';
import type { Engine } from './client.ts';

/** Names of the labels that tell of a network. */
export interface NetworkLabelNames {
  readonly networkId: string;
  readonly networkName: string;
  readonly networkScope: string;
  readonly networkInternal: string;
  readonly networkIngress: string;
  /** Followed by the name of a label of the network. */
  readonly networkLabelPrefix: string;
}

/** `GET /networks`, as far as it is read. Source: Docker Engine API reference. */
const networkList = listBody(
  z.object({
    Id: z.string(),
    Name: textField,
    Scope: textField,
    Internal: flagField,
    // Absent before version 1.28.
    Ingress: flagField,
    Labels: mapField(textField),
  }),
);

/** The labels of each network of the engine, by its ID. */
export async function listNetworkLabels(
  engine: Engine,
  names: NetworkLabelNames,
): Promise<ReadonlyMap<string, LabelSet>> {
  const networks = await engine.list('networks', networkList);
  return new Map(
    networks.map(({ Id, Name, Scope, Internal, Ingress, Labels }) => [
      Id,
      {
        [names.networkId]: Id,
        [names.networkName]: Name,
        [names.networkScope]: Scope,
        [names.networkInternal]: String(Internal),
        [names.networkIngress]: String(Ingress),
        ...mapLabels(names.networkLabelPrefix, Labels),
      },
    ]),
  );
}
