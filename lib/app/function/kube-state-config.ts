import { kubeStateConfig } from '../../kubestate/options.ts';
import { bindOutputs, type KubeStateOutput } from '../kube-state/outputs.ts';
import { type FunctionConfig, parseOwn, type ReadConfigInput } from './read-config.ts';

/** A configuration as the function of kube state sees it. */
export interface KubeStateFunctionConfig extends FunctionConfig {
  readonly outputs: readonly KubeStateOutput[];
}

/**
 * Reads a configuration for the function of kube state. The stanzas of all mechanisms are counted but not looked into.
 * Throws a ConfigError, also where the file names another store.
 */
export function readKubeStateConfig(text: string, input: ReadConfigInput): KubeStateFunctionConfig {
  const { config, isEmpty } = parseOwn(text, { mechanisms: [], kubeState: kubeStateConfig }, input);
  return { outputs: bindOutputs(config.kube_state_metrics, input), isEmpty };
}
