import { disk } from '../../lib/sidecar/mirror/files.ts';
import { openFolder } from '../../lib/sidecar/mirror/folder.ts';
import { mirrorOnce } from '../../lib/sidecar/mirror/mirror-once.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';

/** Mirrors the bucket round after round, without a pause, until it is killed: `BUCKET FOLDER`. */
const [, , bucket = '', path = ''] = process.argv;
const store = createFileStore(bucket);
const folder = await openFolder(path, disk);
process.stdout.write('at work\n');
for (;;) await mirrorOnce({ store, folder, layout: 'provider', signal: new AbortController().signal });
