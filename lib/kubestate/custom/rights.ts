import type { CustomResource } from './config.ts';
import { definitionsResource } from './definitions.ts';
import { guessPlural } from './plural.ts';
import { needsDefinitions } from './resolve.ts';

/** A resource that may be listed; `*` stands for all of its group. */
export interface ListRight {
  readonly group: string;
  readonly resource: string;
}

/** What has to be listed for these custom resources, without a look at the cluster: a plural may be a guess. */
export function rightsFor(resources: readonly CustomResource[]): readonly ListRight[] {
  const group = definitionsResource.apiVersion.replace(/\/.*/, '');
  const definitions = { group, resource: definitionsResource.resource };
  return [
    ...resources.map(({ groupVersionKind: { group, kind }, resourcePlural }) => ({
      group,
      resource: kind === '*' ? '*' : resourcePlural || guessPlural(kind),
    })),
    ...(resources.some(needsDefinitions) ? [definitions] : []),
  ];
}
