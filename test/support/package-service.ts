import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const project = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The service in a folder of its own: as a clean clone that was installed, and nothing of it is left behind. */
export interface ServiceFolder {
  readonly folder: string;
  /** Runs `osls` with these arguments, offline unless told otherwise; gives what it printed, and throws with that. */
  osls(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** The CloudFormation template that `osls package` has left. */
  template(): Promise<unknown>;
  remove(): Promise<void>;
}

/** What osls would otherwise look for outside: accounts, newer versions, a home. */
const alone = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_CONFIG_FILE: '/nonexistent',
  SLS_NOTIFICATIONS_MODE: 'off',
};

/** Whatever would be fetched all the same fails. */
const offline = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };

/**
 * Makes the folder; osls builds what it packs. Of the functions only those that are named are our own, each other has an empty
 * handler: bundling is most of what packaging takes, and which functions there are does not depend on what they do.
 */
export async function createServiceFolder(own: readonly string[]): Promise<ServiceFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-service-'));
  for (const name of ['serverless.yml', 'package.json'])
    await copyFile(join(project, name), join(folder, name));
  for (const name of ['infra', 'lib', 'node_modules']) await symlink(join(project, name), join(folder, name));
  await mkdir(join(folder, 'functions'));
  for (const file of await readdir(join(project, 'functions'))) {
    const path = join(folder, 'functions', file);
    if (own.includes(basename(file, '.ts'))) await symlink(join(project, 'functions', file), path);
    else await writeFile(path, 'export const handler = () => undefined;\n');
  }
  return {
    folder,
    async osls(args, env = offline) {
      const path = `${join(project, 'node_modules/.bin')}:${process.env.PATH}`;
      const options = {
        cwd: folder,
        env: { PATH: path, HOME: folder, ...alone, ...env },
        maxBuffer: 1 << 24,
      };
      const osls = join(project, 'node_modules/.bin/osls');
      const { stdout, stderr } = await run(osls, [...args], options).catch((error: object) => {
        const printed = ['stdout', 'stderr'].map((name) => String(new Map(Object.entries(error)).get(name)));
        throw new Error(`osls ${args.join(' ')} failed:\n${printed.join('')}`);
      });
      return stdout + stderr;
    },
    template: async () =>
      JSON.parse(
        await readFile(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8'),
      ),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
