import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { ImportKind, Metafile, Plugin } from 'esbuild';

/** What every run of the command loads first. */
const start = 'lib/cli/run-muster.ts';

/** Small modules that most runs load. The AWS SDK, which `aws.ts` brings, is not small. */
const base = [
  ...readdirSync('lib/base')
    .sort()
    .flatMap((file) => (file === 'aws.ts' ? [] : [`lib/base/${file}`])),
  'lib/store/url.ts',
];

/** What every run loads that reads a configuration. */
const config = 'lib/run/app.ts';

/** What runs load that start a cycle of a provider, or look into its journal. */
const cycle = 'lib/run/provider-cycle.ts';

/**
 * Makes few chunks of what is loaded together. esbuild makes one for each set of parts that share a module, and dozens of
 * small files take longer to load than to run. So each part imports what has been loaded before it anyway: then all parts
 * share it, and it is one chunk. `metafile` is of the same build without this plugin.
 */
export function joinParts({ inputs }: Metafile): Plugin {
  const joined = new Map(
    partsOf(inputs, start).map((part) => {
      const loaded = reachedFrom(inputs, part, (kind) => kind !== 'dynamic-import');
      const before = [
        start,
        ...base,
        ...(readsConfig(part, loaded) ? [config] : []),
        ...(loaded.has('lib/cycle/journal.ts') ? [cycle] : []),
      ];
      return [resolve(part), before];
    }),
  );
  return {
    name: 'join-parts',
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const before = joined.get(path);
        if (before === undefined) return undefined;
        // Relative: a source map keeps the text, and a build is the same in every folder.
        const imports = before.map((file) => `import './${relative(dirname(path), resolve(file))}';\n`);
        return { contents: `${await readFile(path, 'utf8')}\n${imports.join('')}`, loader: 'ts' };
      });
    },
  };
}

type Inputs = Metafile['inputs'];

/** The modules of ours that are loaded by `import()`, from the module on. */
function partsOf(inputs: Inputs, from: string): readonly string[] {
  const parts = new Set<string>();
  for (const module of reachedFrom(inputs, from, () => true))
    for (const { path, kind, external } of inputs[module]?.imports ?? [])
      if (kind === 'dynamic-import' && !external && path.startsWith('lib/')) parts.add(path);
  parts.delete(from);
  return [...parts];
}

/** Whether the part, which loads these modules, is loaded only where a configuration is read. */
function readsConfig(part: string, loaded: ReadonlySet<string>): boolean {
  return /^lib\/(?:backends|config|kube-state)\//.test(part) || loaded.has('lib/config/load.ts');
}

/** The module, and all that it imports in these ways. */
function reachedFrom(
  inputs: Inputs,
  module: string,
  isFollowed: (kind: ImportKind) => boolean,
): ReadonlySet<string> {
  const reached = new Set([module]);
  for (const member of reached)
    for (const { path, kind, external } of inputs[member]?.imports ?? [])
      if (!external && isFollowed(kind)) reached.add(path);
  return reached;
}
