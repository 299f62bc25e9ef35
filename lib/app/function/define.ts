import type { Mechanism, SdConfig } from '../../backends/mechanism.ts';
import { defineHandler } from './handler.ts';
import { providerWork } from './provider-work.ts';
import { readFunctionConfig } from './read-config.ts';

/** The handler of a mechanism's function. */
export function defineFunction<Config extends SdConfig>(mechanism: Mechanism<Config>) {
  const { name } = mechanism;
  return defineHandler({
    name,
    read: (text, input) => readFunctionConfig(text, mechanism, input),
    work: (input) => providerWork(name, input),
  });
}
