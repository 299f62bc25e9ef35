let current = {};

/** What the tests import as `@jest/globals` means from here on those of the file that starts. */
export function useGlobals(globals) {
  current = globals;
}

/** Modules are loaded once a worker, so what they import must follow the file that runs. */
function following(name) {
  return new Proxy(() => {}, {
    apply: (_, self, args) => Reflect.apply(current[name], self, args),
    get: (_, key) => current[name][key],
  });
}

export const afterAll = following('afterAll');
export const afterEach = following('afterEach');
export const beforeAll = following('beforeAll');
export const beforeEach = following('beforeEach');
export const describe = following('describe');
export const expect = following('expect');
export const test = following('test');
