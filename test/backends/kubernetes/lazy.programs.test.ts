import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** Prints the packages that are loaded with the backend, in a process of its own. */
const program = `
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const name = /node_modules[/]((?:@[^/]+[/])?[^/]+)/.exec(found.url)?.[1];
      if (name !== undefined) packages.add(name);
      return found;
    },
  });
  await import('./lib/backends/kubernetes/index.ts');
  console.log(JSON.stringify([...packages].sort()));
`;

test('a process that does not use Kubernetes loads none of its client libraries', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(JSON.parse(stdout)).toEqual(['zod']);
});
