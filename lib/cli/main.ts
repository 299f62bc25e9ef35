#!/usr/bin/env node
/** The entry point of the `muster` command. It imports nothing before the check of Node's version. */
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `muster: needs Node 24 or newer, this is ${process.versions.node}: install it; in a clone of Muster "npm start" and the other scripts bring it\n`,
  );
  process.exitCode = 2;
} else if (process.argv[2] === '--muster-worker') {
  // A thread of the sidecar, where the command is a single file. lib/sidecar/serve/worker.ts has the same name, but
  // loads too much to import it here.
  await import('../sidecar/serve/worker.ts');
} else {
  // Keeps compiled code for the next start, in a folder that only this user can write, since the code is run unchecked.
  const { HOME, XDG_CACHE_HOME } = process.env;
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  if (XDG_CACHE_HOME || HOME) enableCompileCache(`${XDG_CACHE_HOME || `${HOME}/.cache`}/muster`);
  const { runMuster } = await import('./run-muster.ts');
  process.exitCode = await runMuster(process.argv.slice(2));
}
