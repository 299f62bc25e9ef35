import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as z from 'zod';

const policySchema = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.object({ Sid: z.string(), Action: z.string().array(), Resource: z.string().array() }).array(),
});

test('who deploys needs nothing outside of what is named muster-', () => {
  const text = readFileSync(join(import.meta.dirname, '../../infra/deployer-policy.json'), 'utf8');
  const { Statement } = policySchema.parse(JSON.parse(text));
  expect(Statement.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  const wide = Statement.filter(({ Resource }) => Resource.some((one) => !/[:/]muster-\*/.test(one)));
  expect(wide.map(({ Sid, Action }) => [Sid, Action])).toEqual([
    // None of these can be narrowed to a resource.
    ['HasNoResource', ['cloudformation:ValidateTemplate', 'logs:DescribeLogGroups', 'sts:GetCallerIdentity']],
  ]);
});
