import type { JsonObject } from '../wire/json.ts';
import { apiVersionOf, resources } from './resources.ts';

/** Answers about the server itself, by path. Groups that were taken away are left out. */
export function about(path: string, missing: ReadonlySet<string>): JsonObject | undefined {
  switch (path) {
    case '/version':
      return version;
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames(missing).map(groupEntry) };
  }
  const listed = Object.values(resources).filter(
    (resource) => path === pathOf(apiVersionOf(resource)) && !missing.has(resource.group),
  );
  const [first] = listed;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    ...(first.group !== '' && { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(first),
    resources: listed.map(({ name, kind, namespaced }) => ({
      name,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ['list', 'watch'],
    })),
  };
}

const version: JsonObject = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.0-simulated',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go0',
  compiler: 'gc',
  platform: 'linux/amd64',
};

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function groupNames(missing: ReadonlySet<string>): string[] {
  const groups = new Set(Object.values(resources).map(({ group }) => group));
  return [...groups].filter((group) => group !== '' && !missing.has(group));
}

function groupEntry(name: string): JsonObject {
  const preferred = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [preferred], preferredVersion: preferred };
}
