import { checkDeployment, type Finding, readSchedule } from '../lambda/check-deployment.ts';
import { type App, loadApp } from '../run/app.ts';
import { defineCommand, type Io } from './command.ts';
import { shared } from './options.ts';
import { counted, exitCodeOf, printList } from './output.ts';

/** `muster deploy-check` */
export const deployCheck = defineCommand({
  name: 'deploy-check',
  description:
    'Checks what a deployment needs to work, and says what is wrong: the configuration where the functions read it, the\n' +
    'bucket, its conditional writes, the schedule of each backend, the last cycle of each provider and output. Exits\n' +
    'with 1 when anything is. Needs AWS credentials that may read these, and write one small marker object.',
  examples: [
    'muster deploy-check -c s3://muster-prod-123456789012-eu-west-1/config/muster.yml --stack muster-prod',
    'muster deploy-check -c s3://bucket/config/muster.yml --output json | jq ".[] | select(.ok | not)"',
  ],
  options: {
    config: shared.config,
    stack: {
      value: 'NAME',
      default: 'muster-dev',
      env: 'MUSTER_STACK',
      help: 'Name of the CloudFormation stack.',
    },
    output: shared.output,
  },
  async run({ config, stack, output }, io) {
    const findings = await examine(config, stack, io);
    const elements = findings.map((finding) => ({ kind: 'finding', ...finding }));
    await printList(io, output, elements, {
      heading: ['CHECK', '', ''],
      row: ({ check, ok, says }) => [check, ok ? 'ok' : 'WRONG', says],
      empty: 'Nothing was checked.',
    });
    const wrong = findings.filter(({ ok }) => !ok).length;
    return exitCodeOf(io, wrong, findings.length);
  },
});

async function examine(config: string, stack: string, io: Io): Promise<readonly Finding[]> {
  const { signal } = io;
  const app = await loadApp(config, io);
  await using store = app.store;
  const { providers, outputs, retireRules } = app;
  return [
    checkLocation(config, app),
    ...(await checkDeployment({ store, providers, outputs, retireRules, stack, readSchedule, signal })),
  ];
}

/** The functions read one object of the bucket, and write only to that bucket. */
function checkLocation(config: string, { providers, outputs, isEmpty, store: { url: store } }: App): Finding {
  const expected = `${store}/config/muster.yml`;
  const check = 'configuration';
  if (config !== expected)
    return { check, ok: false, says: `${config} is valid, but the functions of ${store} read ${expected}` };
  if (isEmpty)
    return {
      check,
      ok: false,
      says: `${config} has no provider and no kube-state output: nothing is listed`,
    };
  const outputCount = outputs.length === 0 ? '' : `, ${counted(outputs.length, 'kube-state output')}`;
  return {
    check,
    ok: true,
    says: `${config} is valid, ${counted(providers.length, 'provider')}${outputCount}`,
  };
}
