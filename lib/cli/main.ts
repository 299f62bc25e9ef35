#!/usr/bin/env node
/** Entry of the `muster` command. Nothing else is imported before the version of Node is known to do. */
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `muster: needs Node 24 or newer, this is ${process.versions.node}: install that one; in a clone of Muster "npm start" and the other scripts bring it\n`,
  );
  process.exitCode = 2;
} else if (process.argv[2] === '--muster-worker') {
  // A thread of the sidecar, where the command is a single file. The name is that of lib/sidecar/serve/worker.ts, which loads
  // too much to be asked for it here.
  await import('../sidecar/serve/worker.ts');
} else {
  // Compiled code is kept for the next start, in a folder that nobody else writes: it is run as it is found.
  const { HOME, XDG_CACHE_HOME } = process.env;
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  if (XDG_CACHE_HOME || HOME) enableCompileCache(`${XDG_CACHE_HOME || `${HOME}/.cache`}/muster`);
  const { runMuster } = await import('./run-muster.ts');
  process.exitCode = await runMuster(process.argv.slice(2));
}
