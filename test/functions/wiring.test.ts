import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { mechanisms } from '../../lib/backends/registry.ts';
import { sdKeyOf, sdKeys } from '../../lib/config/prometheus-keys.ts';
import { readServiceFile } from '../support/stack.ts';

const folder = join(import.meta.dirname, '../../functions');
const names = mechanisms.map(({ name }) => name).sort();

describe('every backend of the registry', () => {
  test('has a function and a stanza in serverless.yml, as has kube state, and nothing else', () => {
    const all = [...names, 'kube-state'].sort();
    expect(readdirSync(folder).sort()).toEqual(all.map((name) => `${name}.ts`));
    expect(Object.keys(readServiceFile().custom.backends).sort()).toEqual(all);
  });

  test('is loaded under its own name and key', async () => {
    const loaded = await Promise.all(mechanisms.map(({ load }) => load()));
    const own = ({ name, configKey }: { name: string; configKey: string }) => [name, configKey];
    expect(loaded.map(own)).toEqual(mechanisms.map(own));
  });

  test('has a key that the functions of the others leave alone', () => {
    const keys = mechanisms.map(({ configKey }) => configKey);
    expect(keys).toEqual(names.map(sdKeyOf));
    expect(keys.filter((key) => !sdKeys.includes(key))).toEqual([]);
  });

  test.each(names)('%s: the function is wiring alone', (name) => {
    expect(importsOf(name)).toEqual([
      expect.stringMatching(
        new RegExp(`^import { ${exportOf(name)} } from '../lib/backends/\\w+/\\w+.ts';$`),
      ),
      "import { defineFunction } from '../lib/lambda/provider-work.ts';",
    ]);
  });
});

/** "static" is a reserved word. */
function exportOf(name: string): string {
  return name === 'static' ? 'staticTargets' : name;
}

test('the function of kube state is wiring alone', () => {
  expect(importsOf('kube-state')).toEqual([
    "import { defineKubeState } from '../lib/lambda/kube-state-work.ts';",
  ]);
});

/** What a function imports; there is little else in it. */
function importsOf(name: string): readonly string[] {
  const lines = readFileSync(join(folder, `${name}.ts`), 'utf8').split('\n');
  expect(lines.length).toBeLessThan(40);
  return lines.filter((line) => line.startsWith('import '));
}
