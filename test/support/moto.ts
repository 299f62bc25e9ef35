import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { requireProgram } from './find-program.ts';
import { startProcess } from './process.ts';

/** An S3 (and the rest of AWS) in a process of its own. */
export interface Moto {
  readonly endpoint: string;
  /** What the AWS SDK needs to find it, and only it: for processes that are started with it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes an empty bucket and returns its name. */
  createBucket(): Promise<string>;
  stop(): Promise<void>;
}

/** Any will do: moto checks none. */
export const motoCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * moto looks for an object and then writes it, and would let two writers through between the two. One request at a
 * time, as here, makes its conditional writes as atomic as those of S3.
 */
const launcher = (threaded: boolean) => `
import functools, sys
import moto.server as server
server.run_simple = functools.partial(lambda run, *args, **options: run(*args, **{**options, 'threaded': ${threaded ? 'True' : 'False'}}), server.run_simple)
server.main(sys.argv[1:])
`;

export interface MotoOptions {
  /** Folder of Python modules that moto takes before its own; see stand-ins.ts. */
  readonly modules?: string;
  /** For queues, where a long poll would keep all others waiting. Default: one request at a time. */
  readonly threaded?: boolean;
}

/** Starts moto on a free loopback port. */
export async function startMoto({ modules, threaded = false }: MotoOptions = {}): Promise<Moto> {
  const path = requireProgram('moto');
  const running = await startProcess({
    command: '/usr/bin/python3',
    args: ([port]) => ['-c', launcher(threaded), '-H', '127.0.0.1', '-p', `${port}`],
    ready: ([port]) => `http://127.0.0.1:${port}/moto-api/data.json`,
    env: { PYTHONPATH: modules === undefined ? path : `${modules}:${path}`, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const endpoint = `http://127.0.0.1:${running.ports[0]}`;
  const region = 'us-east-1';
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: motoCredentials });
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: motoCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: motoCredentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    async createBucket() {
      const bucket = `test-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return bucket;
    },
    async stop() {
      client.destroy();
      await running.stop();
    },
  };
}
