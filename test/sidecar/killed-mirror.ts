import { openFolder } from '../../lib/sidecar/mirror/folder.ts';
import { mirrorOnce } from '../../lib/sidecar/mirror/mirror-once.ts';
import { interceptedFiles } from './faulty-files.ts';
import { storeOf, withJobFile, withProviderFiles } from './scenario.ts';

/**
 * Mirrors the bucket `after` and kills its own process at one operation of the disk: `FOLDER INDEX before|half job|provider`.
 * A kill after an operation is one before the next.
 */
const [, , path = '', index = '0', mode = 'before', layout = 'provider'] = process.argv;
let count = 0;

const files = interceptedFiles(async ({ half }) => {
  if (count === Number(index)) {
    if (mode === 'half') await half?.();
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  }
  count += 1;
});

const folder = await openFolder(path, files);
const { errors } = await mirrorOnce({
  store: await storeOf((layout === 'job' ? withJobFile : withProviderFiles).after),
  folder,
  signal: new AbortController().signal,
  layout: layout === 'job' ? 'job' : 'provider',
});
folder.close();
process.exitCode = errors.length === 0 ? 0 : 1;
