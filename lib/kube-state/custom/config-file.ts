import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, MusterError } from '../../base/errors.ts';
import { ConfigError, inFileOrder, problemsOf } from '../../config/problem.ts';
import { maxConfigBytes, readYaml } from '../../config/yaml-document.ts';
import type { KubeStateConfig } from '../options.ts';
import { type CustomResourceState, customResourceState } from './config.ts';

/**
 * Returns the output with the content of its `custom_resource_state_config_file`, whose path is relative to the directory.
 * Throws kind `config` if the file cannot be read, and a `ConfigError` for its faults.
 */
export function withConfigFile(config: KubeStateConfig, directory: string): KubeStateConfig {
  const { name, custom_resource_state_config_file: file } = config;
  if (file === undefined) return config;
  const path = resolve(directory, file);
  return { ...config, custom_resource_state_config: parseCustomResourceState(read(path, name), path) };
}

/** Parses a configuration file of kube-state-metrics. `origin` names it in messages. Throws a `ConfigError`. */
export function parseCustomResourceState(text: string, origin: string): CustomResourceState {
  const file = readYaml(text);
  if (file.value === undefined) throw new ConfigError(origin, inFileOrder(file.problems));
  const parsed = customResourceState.safeParse(file.value ?? {});
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
  const problems = [...file.problems, ...issues.map(({ path, message }) => file.problemAt(path, message))];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigError(origin, inFileOrder(problems));
}

function read(path: string, output: string): string {
  const fail = (what: string, cause?: unknown) =>
    new MusterError('config', `${output}: custom_resource_state_config_file: ${path} ${what}`, { cause });
  const bytes = attempt(
    () => (statSync(path).size > maxConfigBytes ? undefined : readFileSync(path)),
    (error) => {
      const code = codeOf(error) ?? 'unknown';
      return fail(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, error);
    },
  );
  if (bytes === undefined) throw fail(`is over ${maxConfigBytes} bytes`);
  return attempt(
    () => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    (error) => fail('is not UTF-8 text', error),
  );
}

function attempt<T>(work: () => T, failure: (error: unknown) => MusterError): T {
  try {
    return work();
  } catch (error) {
    throw failure(error);
  }
}
