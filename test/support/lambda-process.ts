import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/**
 * A process of Lambda's runtime, as far as a handler sees it: loads the module named on the command line, and invokes its
 * handler with each line of standard input, one at a time. Answers go to standard error, a line each, behind a mark; the
 * rest is the function's log. After each invocation it reports milliseconds, CPU milliseconds and peak MiB, as Lambda does.
 */
const [, , file = '', name = ''] = process.argv;
const { handler } = await import(pathToFileURL(file).href);
answer({ loaded: true });

for await (const line of createInterface({ input: process.stdin })) {
  const { event, milliseconds, grace } = JSON.parse(line);
  const endsAt = Date.now() + milliseconds;
  const context = {
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    awsRequestId: `request-${endsAt}`,
    invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    getRemainingTimeInMillis: () => endsAt - Date.now(),
  };
  const { promise: killed, resolve } = Promise.withResolvers<object>();
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  const timer = setTimeout(() => resolve({ killed: true }), milliseconds + grace);
  const ended = Promise.resolve(handler(event, context)).then(
    (result: unknown) => ({ result }),
    (error: Error) => ({ error: { name: error.name, message: error.message } }),
  );
  const outcome = await Promise.race([ended, killed]);
  clearTimeout(timer);
  const { user, system } = process.cpuUsage(cpu);
  const report = {
    ...{ milliseconds: performance.now() - startedAt, cpu: (user + system) / 1000 },
    memory: process.resourceUsage().maxRSS / 1024,
  };
  process.stderr.write(`${JSON.stringify({ report })}\n`);
  answer(outcome);
}

function answer(value: object): void {
  process.stderr.write(`\u0001${JSON.stringify(value)}\n`);
}
