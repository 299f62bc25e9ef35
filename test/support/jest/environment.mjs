import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setTimeout } from 'node:timers/promises';

/**
 * Jest's environment without a context of its own: tests run in plain Node, where an error of Node's own modules is an
 * `Error` like any other. What Jest adds or replaces (`process.exit`, `console`) lands on a copy.
 */
export default class {
  global = Object.create(globalThis, {
    process: { value: Object.create(process) },
    console: { value: console, writable: true },
  });
  moduleMocker = { restoreAllMocks() {} };
  #variables = { ...process.env };
  #path;
  #cpu = process.env.MUSTER_CPU ? cpuSeconds() : 0;

  constructor(_, { testPath }) {
    this.#path = testPath;
  }

  getVmContext() {
    return undefined;
  }

  async setup() {}

  /** The next file of this worker finds the variables as this one did. */
  async teardown() {
    // Node writes it at the end of a process otherwise, for which Jest gives a worker half a second.
    flushCompileCache();
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
    if (process.env.MUSTER_CPU)
      process.stderr.write(`cpu ${(cpuSeconds() - this.#cpu).toFixed(2)} ${this.#path}\n`);
    if (process.env.MUSTER_HANDLES) await this.#reportHandles();
  }

  /** With MUSTER_HANDLES=1: what would keep the process alive after this file. Run with `--runInBand`. */
  async #reportHandles() {
    await setTimeout(100);
    const own = /^(?:PipeWrap|TTYWrap|Timeout)$/;
    const left = process.getActiveResourcesInfo().filter((name) => !own.test(name));
    if (left.length > 0) process.stderr.write(`${this.#path} leaves open: ${left.join(', ')}\n`);
  }
}

/** CPU seconds of this process so far, with those of its children that have ended. Linux only. */
function cpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}
