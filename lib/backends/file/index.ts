import { resolve } from 'node:path';
import * as z from 'zod';
import { isMusterError, MusterError } from '../../base/errors.ts';
import { readFolder, readText } from '../../base/files.ts';
import * as field from '../../config/fields.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { expandPattern } from '../../config/scrape-files.ts';
import { ownFields, sdConfig } from '../../config/sd-config.ts';
import { section } from '../../config/section.ts';
import { readYaml } from '../../config/yaml-document.ts';
import { decodeJson } from '../../http/json.ts';
import { encodeLabels } from '../../targets/canonical.ts';
import { addressLabel, type TargetGroup, withoutEmpty } from '../../targets/group.ts';
import { groupList } from '../http/index.ts';
import type { Mechanism } from '../mechanism.ts';

/** The label that Prometheus adds to targets from files. Source: configuration reference, file_sd_config. */
const labels = {
  filepath: '__meta_filepath',
} as const;

/** Source of the form: `patFileSDName` of prometheus/discovery/file. */
const pattern = field.leaf(
  'a path that ends with .json, .yml or .yaml, with * only in its last part',
  (source) => (/^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/.test(source) ? source : undefined),
);

/** An element of `file_sd_configs`. Source: Prometheus configuration reference, file_sd_config. */
const fileConfig = sdConfig('5m', {
  ...ownFields,
  files: field.list(pattern).check(z.minLength(1, 'must have one path at least')),
});

/** One SD config after defaults and checks. */
type FileConfig = z.output<typeof fileConfig>;

/** Targets from files: a group for each set of labels in a file. Read only with `muster: { publish: all }`. */
export const file: Mechanism<FileConfig> = {
  name: 'file',
  configKey: 'file_sd_configs',
  schema: fileConfig,
  server: ({ files }) => files.toSorted().join(','),
  async *discover({ files }, { directory = '.', onProgress }) {
    const folder = { list: (path: string) => readFolder(resolve(directory, path)) };
    const found = await Promise.all(files.map((one) => expandPattern(one, folder)));
    const paths = [...new Set(found.flat().map((path) => resolve(directory, path)))];
    for (const [index, path] of paths.entries()) {
      const text = await readText(path, { maxBytes });
      onProgress?.({ read: index + 1, total: paths.length });
      yield buildGroups(path, text);
    }
    return undefined;
  },
};

/** Largest file, in bytes. */
const maxBytes = 256 * 1024 * 1024;

/** The groups of a file; groups with equal labels become one, so that their order does not count. */
function buildGroups(path: string, text: string): readonly TargetGroup[] {
  const bySource = new Map<string, TargetGroup>();
  for (const { labels: given, targets } of readGroups(path, text)) {
    if (targets.length === 0) continue;
    const own = withoutEmpty(given);
    const source = `${path}:${encodeLabels(own)}`;
    const before = bySource.get(source)?.targets ?? [];
    const added = targets.map((one) => ({ [addressLabel]: one }));
    bySource.set(source, {
      source,
      labels: { ...own, [labels.filepath]: path },
      targets: [...before, ...added],
    });
  }
  return [...bySource.values()];
}

interface Group {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const yamlGroups = field.list(section({ targets: field.stringList(), labels: field.stringMap() }));

/** As strictly as Prometheus reads them: JSON as Go does, YAML without unknown keys. Throws `malformed`. */
function readGroups(path: string, text: string): readonly Group[] {
  try {
    if (/\.json$/i.test(path))
      return decodeJson(Buffer.from(text), 'application/json', groupList).map((group) => ({
        targets: group.targets,
        labels: Object.fromEntries(group.labels),
      }));
  } catch (error) {
    if (!isMusterError(error)) throw error;
    throw new MusterError('malformed', `${path}: ${error.message}`);
  }
  const { value, problems } = readYaml(text);
  const read = yamlGroups.safeParse(value ?? []);
  const [problem] = problems;
  if (problem !== undefined)
    throw new MusterError('malformed', `${path}:${problem.line}: ${problem.message}`);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new MusterError(
    'malformed',
    `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'cannot be read'}`,
  );
}

/** The keys of `file_sd_configs`. */
export const fileTexts: KeyTexts = {
  files: [
    'Files with target groups; `*` stands for any text in the last part of a path.',
    ['targets/*.json'],
  ],
};
