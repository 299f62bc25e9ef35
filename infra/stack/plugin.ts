import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { buildFunctions } from '../build-functions.ts';
import { protectExistingBucket } from './existing-bucket.ts';
import { readCustom } from './settings.ts';

/** What the Serverless Framework gives a plugin, as far as it is used here. */
interface Framework {
  readonly serviceDir: string;
  readonly service: { readonly custom: unknown };
  getProvider(name: 'aws'): { getRegion(): string; getAwsSdkV3Config(): Promise<S3ClientConfig> };
}

/**
 * What the Serverless Framework has to do beside packing and deploying: the functions are built before they are packed,
 * of the sources as they are now, and an existing bucket is protected before the functions write to it.
 */
export default class MusterPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;

  constructor(framework: Framework) {
    const build = () => buildDeployed(framework);
    this.hooks = {
      'before:package:createDeploymentArtifacts': build,
      'before:package:function:package': build,
      'before:deploy:deploy': () => protect(framework),
    };
  }
}

async function buildDeployed({ serviceDir, service }: Framework): Promise<void> {
  await checkPackages(serviceDir);
  const { backends } = readCustom(service.custom);
  const names = backends.map(({ name }) => name);
  // Not where the settings are read: what is removed or looked at needs no names.
  if (names.length === 0)
    throw new Error(
      'say which backends to deploy, as in --param="backends=consul,kubernetes": those that muster.yml uses, which muster check prints',
    );
  const folder = join(serviceDir, 'dist/functions');
  // What an earlier build has left would be packed as well.
  await rm(folder, { recursive: true, force: true });
  await buildFunctions(folder, names);
}

async function protect(framework: Framework): Promise<void> {
  const { settings } = readCustom(framework.service.custom);
  if (settings.existingBucket === '') return;
  const provider = framework.getProvider('aws');
  const client = new S3Client(await provider.getAwsSdkV3Config());
  try {
    await protectExistingBucket(client, settings, provider.getRegion());
  } finally {
    client.destroy();
  }
}

const manifestSchema = z.object({
  version: z.string().optional(),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/** Throws where other packages are installed than the sources ask for, as after a `git pull` without `npm install`. */
export async function checkPackages(folder: string): Promise<void> {
  const read = async (path: string) =>
    manifestSchema.parse(JSON.parse(await readFile(join(folder, path), 'utf8')));
  // All that is bundled stands there.
  const { devDependencies } = await read('package.json');
  const wrong = await Promise.all(
    Object.entries(devDependencies).map(async ([name, wanted]) => {
      const found = await read(`node_modules/${name}/package.json`).catch(() => undefined);
      return found?.version === wanted ? [] : [`${name} ${wanted} (here: ${found?.version ?? 'none'})`];
    }),
  );
  const [first, ...others] = wrong.flat();
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  throw new Error(
    `the sources need other packages than are installed: ${first}${more}; run npm install, then deploy`,
  );
}
