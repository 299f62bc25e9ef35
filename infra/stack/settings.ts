import * as z from 'zod';
import { longestGap } from '../../lib/lambda/schedule.ts';

/** `a, b` as a list; empty for none. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** CloudWatch looks back seven days, and alarms need to see two ticks. */
const longestSeconds = 3 * 86_400;

/** A schedule as EventBridge takes it, and how many seconds its ticks can be apart. */
const schedule = z
  .string()
  .regex(/^(rate\([1-9]\d{0,5} (minute|hour|day)s?\)|cron\(.+\))$/, 'must be rate(…) or cron(…)')
  .transform((expression, context) => {
    const gap = (longestGap(expression) ?? 0) / 1000;
    if (gap > 0 && gap <= longestSeconds) return { expression, gap };
    const wrong =
      gap > 0
        ? 'ticks may be three days apart at most, or alarms cannot follow'
        : 'alarms have to know how far apart its ticks are: use minutes, hours and days of the week, as in cron(0/10 8-18 ? * MON-FRI *)';
    context.addIssue({ code: 'custom', message: wrong });
    return z.NEVER;
  });

const flag = z.union([z.boolean(), z.stringbool()]);

/** What can be set per stage: `custom.settings` of serverless.yml, which says what each is for. */
const settings = z.strictObject({
  stack: z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/),
  backends: list,
  schedule,
  reservedConcurrency: z.union([
    z.literal('none').transform(() => undefined),
    z.coerce.number().int().min(1),
  ]),
  existingBucket: z.string(),
  kms: z.union([z.enum(['none', 'own']), z.string().startsWith('arn:')]),
  journalDays: z.coerce.number().int().min(1),
  staleSeconds: z.coerce.number().int().min(60),
  alarmEmail: z.string(),
  dashboard: flag,
  deadLetterQueue: flag,
  subnets: list,
  securityGroups: list,
  readers: list,
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
});

/** One backend's stanza under `custom.backends`. */
const backend = z.strictObject({
  /** MB. */
  memory: z.number().int().min(128).max(10_240),
  /** Seconds. */
  timeout: z.number().int().min(10).max(900),
  /** What it may read for its credentials: `ssm:/path` or `secretsmanager:name`, `*` at the end for all below. */
  credentials: list.prefault(''),
  /** EKS clusters that it may describe, by name, or by ARN for those of another region. */
  clusters: list.prefault(''),
  /** ARNs of roles that it may assume. */
  roles: list.prefault(''),
  /** Services of AWS that it lists, as `role` of aws_sd_configs names them. */
  services: list.prefault(''),
  /** Regions that it lists of them; none for the region of the function. */
  regions: list.prefault(''),
});

/** The settings of `custom` after defaults and checks. */
export type Settings = z.output<typeof settings>;

/** A backend that is deployed. */
export interface Backend extends z.output<typeof backend> {
  /** The mechanism: `consul`; or `kube-state`, which is deployed like one. */
  readonly name: string;
  /** What its resources' names begin with: `Consul`, `KubeState`. */
  readonly id: string;
  /** What the Serverless Framework calls its function, and its package: `consul`, `kubeState`. */
  readonly key: string;
  /** Whether it publishes kube-state outputs instead of targets. */
  readonly isKubeState: boolean;
}

/** The settings and the backends to deploy. Throws with the path of what is wrong. */
export function readCustom(custom: unknown): {
  readonly settings: Settings;
  readonly backends: readonly Backend[];
} {
  const file = z.object({
    settings,
    backends: z.record(z.string().regex(/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/), backend),
  });
  const parsed = file.safeParse(custom);
  if (!parsed.success) throw new Error(`serverless.yml, custom:\n${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  checkKey(data.settings);
  const wanted = data.settings.backends;
  const unknown = wanted.filter((name) => name !== 'all' && !Object.hasOwn(data.backends, name));
  if (unknown.length > 0)
    throw new Error(
      `serverless.yml has no backend ${unknown.join(', ')}; it has ${Object.keys(data.backends).join(', ')}`,
    );
  const backends = Object.entries(data.backends)
    .filter(([name]) => wanted.includes('all') || wanted.includes(name))
    .map(([name, stanza]) => ({ ...stanza, name, ...idsOf(name), isKubeState: name === 'kube-state' }));
  return { settings: data.settings, backends };
}

/** A new key could not read what an existing bucket has. */
function checkKey({ existingBucket, kms }: Settings): void {
  if (existingBucket === '' || kms !== 'own') return;
  throw new Error(
    `serverless.yml: kms=own makes a key for a new bucket, but existingBucket is ${existingBucket}: give the ARN of its key, kms=arn:…, or kms=none`,
  );
}

/** Logical ids have no dashes. */
function idsOf(name: string): Pick<Backend, 'id' | 'key'> {
  const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return { key, id: `${key.charAt(0).toUpperCase()}${key.slice(1)}` };
}
