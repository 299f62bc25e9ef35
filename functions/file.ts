import { file } from '../lib/backends/file/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Publishes the targets of files that are packed beside the function; see lib/lambda. */
export const handler = defineFunction(file);
