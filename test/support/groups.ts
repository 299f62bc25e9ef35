import fc from 'fast-check';
import type { LabelSet, TargetGroup } from '../../lib/targets/group.ts';

const odd = fc.constantFrom(
  '',
  ' ',
  '"',
  '\\',
  '\n',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'é',
  '😀',
  '1',
);
const value = fc.oneof(fc.string({ maxLength: 6 }), odd);
const labelName = fc.oneof(
  fc.constantFrom('__meta_a', '__meta_b', 'job', '__proto__', 'constructor', '10', '2'),
  fc.string({ minLength: 1, maxLength: 4 }),
);
const labels: fc.Arbitrary<LabelSet> = fc
  .array(fc.tuple(labelName, value), { maxLength: 4 })
  .map((pairs) => Object.fromEntries(pairs));
const target = fc
  .tuple(fc.constantFrom('10.0.0.1:80', '10.0.0.2:80', '[fd00::1]:9'), labels)
  .map(([address, own]): LabelSet => ({ ...own, __address__: address }));

/** Any target group, with a bias to what breaks codecs: odd characters, clashing and hostile label names. */
export const anyGroup: fc.Arbitrary<TargetGroup> = fc.record({
  source: fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', '1'), fc.string({ maxLength: 3 })),
  labels,
  targets: fc.array(target, { maxLength: 3 }),
});

/** Any listing. */
export const anyListing: fc.Arbitrary<readonly TargetGroup[]> = fc.array(anyGroup, { maxLength: 8 });
