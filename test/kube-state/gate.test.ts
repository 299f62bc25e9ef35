import { describe, expect, test } from '@jest/globals';
import {
  allSamples,
  type FamilyCount,
  judgedCounts,
  judgeOutput,
  type OutputGate,
  outputGate,
} from '../../lib/kube-state/gate.ts';
import type { HeldOutput } from '../../lib/kube-state/status.ts';

const minute = 60_000;
const start = Date.parse('2026-05-01T10:00:00Z');

function counts(samples: Readonly<Record<string, number>>): ReadonlyMap<string, FamilyCount> {
  return new Map(Object.entries(samples).map(([name, count]) => [name, { samples: count, objects: 1 }]));
}

interface Look {
  /** Minutes since the first one. */
  readonly at: number;
  readonly after: Readonly<Record<string, number>>;
  /** A cycle failed since the look before. */
  readonly failed?: true;
  /** An operator accepts what the look before has held. */
  readonly accept?: true;
}

/** `held` or what passed, of one look after another, each judged by what was last published. */
function judgeAll(
  before: Readonly<Record<string, number>>,
  looks: readonly Look[],
  gate: OutputGate = outputGate,
) {
  let published = judgedCounts(counts(before));
  let held: HeldOutput | undefined;
  let last: number | undefined;
  return looks.map(({ at, after, failed, accept }) => {
    const now = start + at * minute;
    if (accept && held !== undefined) {
      const families = Object.fromEntries(
        Object.entries(held.families).map(([name, one]) => [name, one.after]),
      );
      held = { ...held, accepted: { until: new Date(now + 60 * minute).toISOString(), families } };
    }
    const gap = last === undefined || failed === true ? 0 : Math.max(0, now - last);
    last = now;
    const verdict = judgeOutput({
      ...{ output: 'prod', gate, before: published, after: counts(after), held, gap, now: new Date(now) },
    });
    held = verdict.pass ? undefined : verdict.held;
    if (!verdict.pass) return 'held';
    published = judgedCounts(counts(after));
    return verdict.confirmed === undefined ? (verdict.accepted ? 'accepted' : 'passes') : 'confirmed';
  });
}

const pods = (count: number, nodes = 50) => ({ kube_pod_info: count, kube_node_info: nodes });
const each = (minutes: readonly number[], after: Look['after']) => minutes.map((at) => ({ at, after }));

describe('a text', () => {
  test.each<[string, Readonly<Record<string, number>>, Readonly<Record<string, number>>, string]>([
    ['that lost half passes', pods(20), pods(10), 'passes'],
    ['that lost more is held', pods(20), pods(9), 'held'],
    ['whose family is gone is held', pods(20), { kube_node_info: 50 }, 'held'],
    ['that lost everything is held', pods(20), {}, 'held'],
    ['of a family below the least passes', pods(9), pods(0), 'passes'],
    [
      'that lost many small families is held by their sum',
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`a${index}_info`, 9])),
      { a1_info: 9 },
      'held',
    ],
    ['with a new family passes', pods(20), { ...pods(20), kube_job_info: 4 }, 'passes'],
  ])('%s', (_, before, after, outcome) => {
    expect(judgeAll(before, [{ at: 0, after }])).toEqual([outcome]);
  });

  test('is not judged by what only some objects have, such as pods that wait', () => {
    const families = new Map([
      ['kube_pod_info', { samples: 300, objects: 300 }],
      ['kube_pod_container_status_waiting_reason', { samples: 40, objects: 300 }],
      ['kube_pod_container_info', { samples: 450, objects: 300 }],
    ]);
    expect(judgedCounts(families)).toEqual({
      [allSamples]: 790,
      kube_pod_container_info: 450,
      kube_pod_info: 300,
    });
  });
});

describe('a loss', () => {
  test('passes once it was seen for a quarter of an hour', () => {
    const looks = each([0, 5, 10, 14, 15], pods(5));
    expect(judgeAll(pods(200), looks)).toEqual(['held', 'held', 'held', 'held', 'confirmed']);
  });

  test('of all that a family had passes after an hour, or never', () => {
    const looks = each([0, 20, 40, 59, 60], pods(0));
    expect(judgeAll(pods(200), looks)).toEqual(['held', 'held', 'held', 'held', 'confirmed']);
    const never = { ...outputGate, confirm_empty_after: 'never' } as const;
    expect(judgeAll(pods(200), each([0, 60, 600, 6000], pods(0)), never)).toEqual(Array(4).fill('held'));
  });

  test('is seen in at least three listings, however far apart they are', () => {
    expect(judgeAll(pods(200), each([0, 600, 601], pods(5)))).toEqual(['held', 'held', 'held']);
    expect(judgeAll(pods(200), each([0, 600, 1200], pods(5)))).toEqual(['held', 'held', 'confirmed']);
  });

  test('waits longer for each cycle that failed in between', () => {
    const looks: readonly Look[] = [
      ...each([0, 5], pods(5)),
      { at: 15, after: pods(5), failed: true },
      ...each([20, 24, 25], pods(5)),
    ];
    expect(judgeAll(pods(200), looks)).toEqual(['held', 'held', 'held', 'held', 'held', 'confirmed']);
  });

  test('gains nothing from a clock that steps back', () => {
    expect(judgeAll(pods(200), each([0, 7, -600, -593, -592], pods(5)))).toEqual([
      ...['held', 'held', 'held', 'held', 'confirmed'],
    ]);
  });

  test('need not be the same each time, and one that is over begins anew', () => {
    const churn = [0, 5, 10, 15].map((at) => ({ at, after: pods(50 - at) }));
    expect(judgeAll(pods(200), churn)).toEqual(['held', 'held', 'held', 'confirmed']);
    const over = [...each([0, 14], pods(5)), ...each([15], pods(200)), ...each([16, 20], pods(5))];
    expect(judgeAll(pods(200), over)).toEqual(['held', 'held', 'passes', 'held', 'held']);
  });

  test('that grows to all there was needs the longer wait', () => {
    const looks = [...each([0, 10], pods(5)), ...each([15, 30, 59, 63], pods(0))];
    expect(judgeAll(pods(200), looks)).toEqual(['held', 'held', 'held', 'held', 'held', 'confirmed']);
  });
});

describe("an operator's word", () => {
  test('passes what it was given for, and no further loss', () => {
    const accepted = { at: 1, after: pods(40), accept: true } as const;
    expect(judgeAll(pods(200), [...each([0], pods(40)), accepted])).toEqual(['held', 'accepted']);
    const further = { at: 1, after: pods(10), accept: true } as const;
    expect(judgeAll(pods(200), [...each([0], pods(40)), further])).toEqual(['held', 'held']);
    const another = { at: 1, after: { kube_pod_info: 40 }, accept: true } as const;
    expect(judgeAll(pods(200), [...each([0], pods(40)), another])).toEqual(['held', 'held']);
  });

  test('ends after an hour', () => {
    const never = { ...outputGate, confirm_after: 1e9 };
    const looks = [
      ...each([0], pods(40)),
      { at: 1, after: pods(5), accept: true } as const,
      ...each([62], pods(40)),
    ];
    expect(judgeAll(pods(200), looks, never)).toEqual(['held', 'held', 'held']);
  });
});
