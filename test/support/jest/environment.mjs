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

  getVmContext() {
    return undefined;
  }

  async setup() {}

  /** The next file of this worker finds the variables as this one did. */
  async teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
  }
}
