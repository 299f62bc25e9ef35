import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readApp } from '../../lib/app/app.ts';
import { formatLeftAlone } from '../../lib/config/left-alone.ts';
import { silentLogger } from '../../lib/telemetry/log.ts';
import { runProcess } from '../support/process.ts';
import { shapes } from './shapes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-shapes-'));
});
afterAll(() => rm(folder, { recursive: true }));
