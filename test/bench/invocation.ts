import { join } from 'node:path';
import { nodeOptions } from '../../infra/stack/stack.ts';
import { startConsulFleet } from '../../lib/sim/consul.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { startLambda, unpack } from '../support/lambda.ts';
import { motoCredentials, startMoto } from '../support/moto.ts';
import { createServiceFolder } from '../support/package-service.ts';

/** Services and instances of the catalogs that are listed. */
const sizes = [
  [50, 400],
  [500, 10_000],
] as const;

/**
 * What an invocation of the packaged function takes: the first one, quiet ones, and ones with a change; against an S3
 * server and a simulated Consul on loopback. The cost table of the README is made of these.
 */
export async function benchInvocation([rounds = '10']: readonly string[]): Promise<void> {
  const service = await createServiceFolder(['consul']);
  await service.osls(['package', '--param', 'backends=consul']);
  const code = await unpack(join(service.folder, '.serverless/consul.zip'));
  await service.remove();
  const moto = await startMoto();
  print(['instances', 'invocation', 'ms', 'CPU ms', 'peak MiB']);
  for (const [services, instances] of sizes) {
    const fleet = await startConsulFleet({ seed: 'bench', services, instances });
    const bucket = await moto.createBucket();
    const store = createS3Store({
      bucket,
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: motoCredentials,
    });
    const text = `scrape_configs: [{ job_name: api, consul_sd_configs: [{ server: '${fleet.url}', refresh_interval: 1m }] }]`;
    await store.put('config/muster.yml', Buffer.from(text), { condition: 'create' });
    const lambda = await startLambda(code.folder, 'consul', {
      ...moto.env,
      MUSTER_CONFIG: `s3://${bucket}/config/muster.yml`,
      MUSTER_STORE: `s3://${bucket}`,
      MUSTER_LOG_LEVEL: 'warn',
      NODE_OPTIONS: nodeOptions,
    });
    const measure = async (kind: string, count: number, before: () => void) => {
      const reports = [];
      for (let round = 0; round < count; round++) {
        before();
        await lambda.invoke({}, 60_000);
        reports.push(lastReport(lambda.log()));
      }
      const middle = reports.toSorted((a, b) => a.milliseconds - b.milliseconds)[Math.floor(count / 2)];
      if (middle !== undefined)
        print([
          instances,
          kind,
          middle.milliseconds.toFixed(0),
          middle.cpu.toFixed(0),
          middle.memory.toFixed(0),
        ]);
    };
    await measure('first', 1, () => undefined);
    await measure('quiet', Number(rounds), () => undefined);
    await measure('changed', Number(rounds), () => fleet.mutate(3));
    await Promise.all([lambda.stop(), fleet.stop(), store[Symbol.asyncDispose]()]);
  }
  await Promise.all([moto.stop(), code.remove()]);
}

interface Report {
  readonly milliseconds: number;
  readonly cpu: number;
  readonly memory: number;
}

function lastReport(log: readonly string[]): Report {
  const line = log.findLast((one) => one.startsWith('{"report":'));
  return JSON.parse(line ?? '{"report":{}}').report;
}

function print(cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(11)).join('')}\n`);
}
