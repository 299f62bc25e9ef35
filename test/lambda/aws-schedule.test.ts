import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readSchedule } from '../../lib/lambda/check-deployment.ts';
import { failure } from '../support/http-client.ts';

const before = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, before);
});

test('without a region the one thing to set is named', async () => {
  expect(await failure(readSchedule('muster-prod-consul', new AbortController().signal))).toEqual({
    kind: 'config',
    message: 'no AWS region: set AWS_REGION to that of the functions',
  });
});
