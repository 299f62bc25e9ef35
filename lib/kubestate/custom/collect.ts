import { listOnto } from '../list-onto.ts';
import type { Collected, CollectInput } from '../resource.ts';
import type { CustomResource } from './config.ts';
import { listServedKinds } from './definitions.ts';
import { familiesOf } from './family.ts';
import { customKind } from './kind.ts';
import { needsDefinitions, type Resolved, resolveKinds } from './resolve.ts';
import { type CustomSheet, openCustomSheet } from './sheet.ts';
import { countSkips, type Skips } from './skips.ts';
import { wantedBy } from './wanted.ts';

/** Lists the custom resources one kind after another and writes their families. Throws what listing throws. */
export async function collectCustom(
  resources: readonly CustomResource[],
  input: CollectInput,
): Promise<Collected> {
  const { lister, spill, signal } = input;
  const kinds = resources.some(needsDefinitions) ? await listServedKinds(lister, signal) : [];
  const sheet = openCustomSheet(spill);
  const skips = countSkips();
  for (const resolved of resolveKinds(resources, kinds)) await collectKind(resolved, sheet, skips, input);
  for (const line of skips.lines()) input.warn?.(line);
  return sheet.finish();
}

/** A kind that no namespace holds has no objects where namespaces are given: kube-state-metrics looks in these only. */
async function collectKind(
  { resource, served }: Resolved,
  sheet: CustomSheet,
  skips: Skips,
  { wants, ...input }: CollectInput,
): Promise<void> {
  const families = familiesOf(resource, served, skips).filter(wants);
  const everywhere = input.namespaces.includes('');
  if (families.length === 0 || (served.namespaced === false && !everywhere)) return;
  const { group, version, kind, plural, listKind, namespaced } = served;
  const names = { resource: plural, apiVersion: `${group}/${version}`, listKind, kind };
  // Where nobody knows whether namespaces hold the kind, no field selector may speak of them.
  const isNamespaced = namespaced ?? !everywhere;
  const custom = customKind({ ...names, namespaced: isNamespaced }, wantedBy(resource));
  await listOnto(sheet.of(families), custom, { ...input, mayBeMissing: true });
}
