import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** Prints which packages of AWS a check of that configuration loads. */
const program = `
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const name = /node_modules[/](@(?:aws-sdk|smithy)[/][^/]+)/.exec(found.url)?.[1];
      if (name !== undefined) packages.add(name);
      return found;
    },
  });
  process.argv.splice(1, 0, 'muster');
  process.on('exit', () => process.stderr.write(JSON.stringify([...packages].sort())));
  await import('./lib/cli/main.ts');
`;

test.each([
  ['Consul', "consul_sd_configs: [{ server: 'localhost:8500' }]"],
  ['AWS', 'aws_sd_configs: [{ role: ecs, region: eu-west-1 }]'],
])('a check of a configuration for %s loads no client of AWS', async (_name, stanzas) => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-aws-'));
  try {
    const config = join(folder, 'muster.yml');
    await writeFile(config, `store: ./store\nscrape_configs: [{ job_name: a, ${stanzas} }]\n`);
    const args = ['--input-type=module', '--eval', program, 'check', '-c', config];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toContain('-0');
    expect(JSON.parse(stderr.slice(stderr.lastIndexOf('[')))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
