import { MusterError } from '../../errors.ts';
import type { KubeStateOutput } from './outputs.ts';

/** The outputs of that name, or all. Throws (kind `config`) where there is none, and says which there are. */
export function selectOutputs(
  outputs: readonly KubeStateOutput[],
  name: string | undefined,
): readonly KubeStateOutput[] {
  const selected = outputs.filter(
    (output) => name === undefined || output.name === name || output.object === name,
  );
  if (selected.length > 0) return selected;
  const names = [...new Set(outputs.map((output) => output.name))].slice(0, 10).join(', ') || 'none';
  throw new MusterError(
    'config',
    `no kube-state output${name === undefined ? '' : ` ${name}`} in the configuration: kube_state_metrics has ${names}`,
  );
}
