import { expect, test } from '@jest/globals';
import { changeLines } from '../../lib/cli/change-text.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { diffGroups } from '../../lib/targets/diff.ts';

const pod = (ready: string, ports: readonly number[]) => ({
  source: 'pod/web-1',
  labels: { ready },
  targets: ports.map((port) => ({ __address__: `10.0.0.1:${port}` })),
});

test('ports of a pod whose labels changed alike share a line, what came has its own', () => {
  const change = diffGroups(
    toGroups([pod('false', [80, 81, 82])]),
    toGroups([pod('true', [80, 81, 82, 83])]),
  );
  expect([...changeLines(change)]).toEqual([
    '~ pod/web-1 10.0.0.1:80, 10.0.0.1:81, 10.0.0.1:82  ready: "false" → "true"',
    '+ pod/web-1 10.0.0.1:83',
  ]);
});
