import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { run } from '../../lib/cli/run.ts';
import { lintTemplate, templateSchema } from '../support/cloudformation.ts';

const folder = join(import.meta.dirname, '../../infra/run');
const read = (path: string) => readFile(join(folder, path), 'utf8');

/** The flags of a command line that `muster run` does not have, and what is no flag of it where a flag has to be. */
function unknownParts([command, ...args]: readonly string[]): readonly string[] {
  const wrong = command === 'run' ? [] : [command ?? ''];
  for (let index = 0; index < args.length; index += 1) {
    const [, name = ''] = /^--([\w-]+)$/.exec(args[index] ?? '') ?? [];
    const option = Object.hasOwn(run.options, name) ? run.options[name] : undefined;
    if (option === undefined) wrong.push(args[index] ?? '');
    else if (option.value !== undefined) index += 1;
  }
  return wrong;
}

const locked = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

describe('Kubernetes', () => {
  /** Source: the API reference of Kubernetes, CronJob v1, as far as it is used; strict, as the API server is. */
  const cronJob = z.strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('CronJob'),
    metadata: z.strictObject({ name: z.string() }),
    spec: z.strictObject({
      schedule: z.literal('* * * * *'),
      concurrencyPolicy: z.literal('Forbid'),
      startingDeadlineSeconds: z.int(),
      successfulJobsHistoryLimit: z.int(),
      failedJobsHistoryLimit: z.int(),
      jobTemplate: z.strictObject({
        spec: z.strictObject({
          backoffLimit: z.literal(0),
          activeDeadlineSeconds: z.int(),
          ttlSecondsAfterFinished: z.int(),
          template: z.strictObject({
            spec: z.strictObject({
              restartPolicy: z.literal('Never'),
              serviceAccountName: z.string(),
              terminationGracePeriodSeconds: z.int().min(21),
              securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.literal(65534) }),
              containers: z.tuple([
                z.strictObject({
                  name: z.string(),
                  image: z.literal('muster'),
                  args: z.array(z.string()),
                  env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
                  volumeMounts: z.array(
                    z.strictObject({
                      name: z.string(),
                      mountPath: z.string(),
                      readOnly: z.boolean().optional(),
                    }),
                  ),
                  securityContext: z.unknown(),
                  resources: z.strictObject({ requests: z.unknown(), limits: z.unknown() }),
                }),
              ]),
              volumes: z.array(
                z.union([
                  z.strictObject({ name: z.string(), configMap: z.strictObject({ name: z.string() }) }),
                  z.strictObject({ name: z.string(), emptyDir: z.strictObject({}) }),
                ]),
              ),
            }),
          }),
        }),
      }),
    }),
  });

  test('starts a round each minute, without rights and with a read-only root', async () => {
    const { spec } = cronJob.parse(parse(await read('kubernetes/cron-job.yaml')));
    const pod = spec.jobTemplate.spec.template.spec;
    const [{ args, securityContext, volumeMounts }] = pod.containers;
    expect([unknownParts(args), securityContext]).toEqual([[], locked]);
    expect(volumeMounts.map(({ name }) => name)).toEqual(pod.volumes.map(({ name }) => name));
  });

  test('the service account may list, and nothing else', async () => {
    const [account, role, binding] = parseAllDocuments(await read('kubernetes/service-account.yaml')).map(
      (document) =>
        z.looseObject({ kind: z.string(), metadata: z.object({ name: z.string() }) }).parse(document.toJS()),
    );
    expect([account, role, binding].map((one) => [one?.kind, one?.metadata.name])).toEqual([
      ['ServiceAccount', 'muster-run'],
      ['ClusterRole', 'muster-run'],
      ['ClusterRoleBinding', 'muster-run'],
    ]);
    const { rules } = z
      .object({ rules: z.array(z.object({ verbs: z.array(z.enum(['list', 'get'])) })) })
      .parse(role);
    expect(rules).toHaveLength(3);
  });

  test('the kustomization lists the files beside it', async () => {
    const { resources, configMapGenerator } = z
      .object({
        resources: z.array(z.string()),
        configMapGenerator: z.tuple([z.object({ name: z.string(), files: z.array(z.string()) })]),
      })
      .parse(parse(await read('kubernetes/kustomization.yaml')));
    const files = [...resources, ...configMapGenerator[0].files, 'kustomization.yaml'];
    expect((await readdir(join(folder, 'kubernetes'))).sort()).toEqual(files.sort());
    expect(await read('kubernetes/cron-job.yaml')).toContain(
      `configMap: { name: ${configMapGenerator[0].name} }`,
    );
  });
});

describe('Amazon ECS', () => {
  /** CloudFormation's short tags, as the long forms. */
  const tags = ['Ref', 'Sub', 'GetAtt'].map((name) => ({
    tag: `!${name}`,
    resolve: (text: string) =>
      name === 'Ref' ? { Ref: text } : { [`Fn::${name}`]: name === 'GetAtt' ? text.split('.') : text },
  }));

  test('the template is one in which AWS finds no fault, and starts a task each minute', async () => {
    const document = parse(await read('aws/ecs.yml'), { customTags: tags });
    const { Parameters, Resources } = z
      .looseObject({ Parameters: z.record(z.string(), z.unknown()), Resources: z.unknown() })
      .parse(document);
    const template = templateSchema.parse({ Resources });
    const parameters = new Set(Object.keys(Parameters));
    // The linter knows no parameters.
    const faults = lintTemplate(template).filter(
      (fault) => ![...parameters].some((name) => fault.includes(name)),
    );
    expect(faults).toEqual([]);
    const { ContainerDefinitions } = z
      .object({ ContainerDefinitions: z.tuple([z.looseObject({ Command: z.array(z.unknown()) })]) })
      .parse(template.Resources.Task?.Properties);
    const [container] = ContainerDefinitions;
    expect(container).toMatchObject({ User: '65534:65534', ReadonlyRootFilesystem: true });
    expect(
      unknownParts(container.Command.map((part) => (typeof part === 'string' ? part : 'a value'))),
    ).toEqual([]);
    const schedule = template.Resources.RunSchedule?.Properties;
    expect(schedule).toMatchObject({ ScheduleExpression: { Ref: 'Schedule' } });
  });
});

test('Cloud Run: a job with one task and no retry', async () => {
  /** Source: the reference of Cloud Run's Job, run.googleapis.com/v1. */
  const job = z.strictObject({
    apiVersion: z.literal('run.googleapis.com/v1'),
    kind: z.literal('Job'),
    metadata: z.strictObject({ name: z.literal('muster-run') }),
    spec: z.strictObject({
      template: z.strictObject({
        spec: z.strictObject({
          parallelism: z.literal(1),
          taskCount: z.literal(1),
          template: z.strictObject({
            spec: z.strictObject({
              serviceAccountName: z.string(),
              maxRetries: z.literal(0),
              timeoutSeconds: z.string().regex(/^\d+$/),
              containers: z.tuple([z.looseObject({ image: z.string(), args: z.array(z.string()) })]),
              volumes: z.array(z.looseObject({ name: z.string(), secret: z.unknown() })),
            }),
          }),
        }),
      }),
    }),
  });
  const { spec } = job.parse(parse(await read('gcp/job.yaml')));
  expect(unknownParts(spec.template.spec.template.spec.containers[0].args)).toEqual([]);
});

test('compose loops, and gives a round more time to end than it takes', async () => {
  const { services } = z
    .object({
      services: z.object({
        run: z.looseObject({ command: z.array(z.string()), tmpfs: z.array(z.string()) }),
      }),
    })
    .parse(parse(await read('compose.yml')));
  expect(unknownParts(services.run.command)).toEqual([]);
  expect(services.run).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: '30s' });
  expect(services.run.command.join(' ')).toContain('--loop --interval 1m --grace 20s');
});

describe('systemd', () => {
  test.each(['muster-run.service', 'muster-run-loop.service'])('%s runs a real command', async (name) => {
    const text = await read(`systemd/${name}`);
    const [, line = ''] = /^ExecStart=\/usr\/bin\/env node \S+\/muster\.mjs (.+)$/m.exec(text) ?? [];
    expect(unknownParts(line.split(' '))).toEqual([]);
    expect(text).toMatch(/^DynamicUser=yes$/m);
  });

  test('the timer starts it each minute', async () => {
    expect(await read('systemd/muster-run.timer')).toMatch(/^OnUnitActiveSec=1min$/m);
  });

  test('finds the units sound, where it is here', async () => {
    const units = (await readdir(join(folder, 'systemd'))).map((name) => join(folder, 'systemd', name));
    const result: unknown = await promisify(execFile)('systemd-analyze', ['verify', ...units]).catch(
      (error: unknown) => error,
    );
    if (z.object({ code: z.literal('ENOENT') }).safeParse(result).success) {
      process.stderr.write('SKIPPED systemd-analyze is not here\n');
      return;
    }
    expect(result).toEqual({ stdout: '', stderr: '' });
  });
});
