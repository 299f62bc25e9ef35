import { rm } from 'node:fs/promises';
import { buildCommand } from './build-command.ts';
import { buildFunctions } from './build-functions.ts';

/** Bundles into `dist/`: the `muster` command, and the functions. */
await rm('dist', { recursive: true, force: true });
await buildCommand();
await buildFunctions();
