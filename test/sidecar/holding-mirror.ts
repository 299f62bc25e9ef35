import { disk } from '../../lib/sidecar/mirror/files.ts';
import { openFolder } from '../../lib/sidecar/mirror/folder.ts';

/** Holds a folder until it is killed; says so on its output. */
const folder = await openFolder(process.argv[2] ?? '', disk);
process.stdout.write('held\n');
setInterval(() => folder.path, 1000);
