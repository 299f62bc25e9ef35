import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import { requireProgram } from './programs.ts';

/** Prometheus's client for Python has the strictest reader of OpenMetrics; what it finds wrong is its exit. */
const reader = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.buffer.read().decode()))
json.dump({'types': {f.name: f.type for f in families}, 'samples': sum(len(f.samples) for f in families)}, sys.stdout)
`;

const answer = z.object({ types: z.record(z.string(), z.string()), samples: z.int() });

/** The type of each family, and the number of samples, of a text that is OpenMetrics; throws where it is not. */
export function readOpenMetrics(text: string): z.infer<typeof answer> {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', reader], {
    input: text,
    env: { PYTHONPATH: requireProgram('prometheusClient') },
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`it is not OpenMetrics: ${`${stderr}`.trim().split('\n').at(-1)}`);
  return answer.parse(JSON.parse(`${stdout}`));
}
