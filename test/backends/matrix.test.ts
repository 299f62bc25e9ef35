import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { mechanisms } from '../../lib/backends/registry.ts';
import { mechanismsSince, ownMechanisms, sdKeys } from '../../lib/config/prometheus-keys.ts';
import { prometheusVersions } from '../../lib/config/prometheus-version.ts';

const root = join(import.meta.dirname, '../..');

/** The rows of the table of mechanisms. */
const rows = readFileSync(join(root, 'docs/backends.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| `(?:\w+_sd|static)_configs` \|/.test(line))
  .map((line) => {
    const [key = '', prometheus = '', muster = '', compared = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim().replaceAll('`', ''));
    return { key, prometheus, muster, compared };
  });

test('the table has every key of Prometheus and of Muster, once, in order', () => {
  expect(rows.map(({ key }) => key)).toEqual([...sdKeys].sort());
});

test('those are here that the registry has, and no others', () => {
  const here = rows.filter(({ muster }) => muster !== 'left to Prometheus').map(({ key }) => key);
  const registered = mechanisms.map(({ configKey }) => configKey);
  expect(here).toEqual([...registered].sort());
});

test('each that is here says since when, links its README, and says what it is compared with', () => {
  for (const { key, muster, compared } of rows) {
    if (muster === 'left to Prometheus') {
      expect([key, compared]).toEqual([key, '']);
      continue;
    }
    const { version, path = '' } =
      /^\[(?<version>\d+\.\d+\.\d+)\]\(\.\.\/(?<path>lib\/backends\/\w+\/README\.md)\)$/.exec(muster)
        ?.groups ?? {};
    expect([key, version]).toEqual([key, expect.any(String)]);
    expect([key, compared]).toEqual([key, expect.stringMatching(/\w/)]);
    if (mechanisms.some(({ configKey }) => configKey === key))
      expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  }
});

test('each says the version of Prometheus that brought it, where that came after 3.5', () => {
  const expected = rows.map(({ key }) => {
    const name = key.replace(/_(?:sd_)?configs$/, '');
    return [key, ownMechanisms.includes(name) ? 'never' : (mechanismsSince[name] ?? '')];
  });
  expect(rows.map(({ key, prometheus }) => [key, prometheus])).toEqual(expected);
  for (const [name, since] of Object.entries(mechanismsSince))
    expect([sdKeys.includes(`${name}_sd_configs`), prometheusVersions.indexOf(since) > 0]).toEqual([
      true,
      true,
    ]);
});
