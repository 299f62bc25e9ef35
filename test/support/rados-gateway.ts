import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { requireProgram } from './find-program.ts';
import { freePorts, startProcess } from './process.ts';

/** Ceph's S3, with a cluster of one monitor and one OSD in memory behind it. */
export interface RadosGateway {
  readonly endpoint: string;
  /** Makes an empty bucket and returns its name. */
  createBucket(): Promise<string>;
  stop(): Promise<void>;
}

/** Of the one user that the gateway has. */
export const radosCredentials = { accessKeyId: 'radostest', secretAccessKey: 'radostestsecret' };

/** Starts Ceph on loopback; ends when the gateway answers, which takes some six seconds. */
export async function startRadosGateway(): Promise<RadosGateway> {
  const usr = dirname(dirname(requireProgram('radosgw')));
  const folder = await mkdtemp(join(tmpdir(), 'ceph-'));
  for (const name of ['mon', 'osd', 'run']) await mkdir(join(folder, name));
  const [port = 0, monitor = 0] = await freePorts(2);
  const cluster = randomUUID();
  await writeFile(join(folder, 'ceph.conf'), configuration({ usr, folder, cluster, port, monitor }));
  const endpoint = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    command: '/bin/sh',
    ports: 0,
    args: () => ['-c', script, 'sh', cluster, `${monitor}`],
    ready: () => endpoint,
    cwd: folder,
    env: {
      PATH: `${join(usr, 'bin')}:${process.env.PATH}`,
      LD_LIBRARY_PATH: ['lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu/ceph', '../lib/x86_64-linux-gnu']
        .map((below) => join(usr, below))
        .join(':'),
    },
  });
  const client = new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: radosCredentials },
  });
  return {
    endpoint,
    async createBucket() {
      const bucket = `test-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return bucket;
    },
    async stop() {
      client.destroy();
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Makes the cluster's first maps by file, so that Ceph's command line, which needs Python, is not. The user comes first. */
const script = `
set -e
monmaptool --create --addv a "[v2:127.0.0.1:$2]" --fsid "$1" monmap
osdmaptool -c ceph.conf --createsimple 1 osdmap
ceph-mon -c ceph.conf -i a --mkfs --monmap monmap --osdmap osdmap
ceph-mon -c ceph.conf -i a -f &
ceph-osd --no-mon-config -c ceph.conf -i 0 --mkfs
ceph-osd --no-mon-config -c ceph.conf -i 0 -f &
radosgw-admin --no-mon-config -c ceph.conf -n client.rgw user create --uid=test --display-name=test \
  --access-key=${radosCredentials.accessKeyId} --secret=${radosCredentials.secretAccessKey}
exec radosgw --no-mon-config -c ceph.conf -n client.rgw -f
`;

interface Cluster {
  readonly usr: string;
  readonly folder: string;
  readonly cluster: string;
  readonly port: number;
  readonly monitor: number;
}

function configuration({ usr, folder, cluster, port, monitor }: Cluster): string {
  const libraries = join(usr, 'lib/x86_64-linux-gnu');
  return `
[global]
fsid = ${cluster}
mon host = v2:127.0.0.1:${monitor}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
run dir = ${folder}/run
admin socket =
log file = ${folder}/$name.log
erasure code dir = ${libraries}/ceph/erasure-code
osd class dir = ${libraries}/rados-classes
osd class load list = *
osd class default list = *
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon cluster log file = ${folder}/cluster.log
paxos propose interval = 0.05
paxos min wait = 0.01
[mon]
mon data = ${folder}/mon
mon data avail crit = 0
[osd]
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 536870912
[client.rgw]
rgw data = ${folder}
rgw frontends = beast endpoint=127.0.0.1:${port}
`;
}
