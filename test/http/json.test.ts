import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { MusterError } from '../../lib/base/errors.ts';
import { decodeJson } from '../../lib/http/json.ts';

const schema = z.object({
  Services: z.array(z.object({ Port: z.number(), Meta: z.record(z.string(), z.string()).optional() })),
});

function said(body: string | Uint8Array, type?: string, by: z.ZodType = schema): string {
  try {
    decodeJson(typeof body === 'string' ? Buffer.from(body) : body, type, by);
  } catch (error) {
    if (error instanceof MusterError) return `${error.kind}: ${error.message} ${error.cause ?? ''}`.trim();
    throw error;
  }
  throw new Error('expected an error');
}

describe('a body that is not JSON', () => {
  test.each([
    ['<html>canary</html>', 'text/html; charset=utf-8', 'text/html'],
    ['canary', 'text/plain', 'text/plain'],
    ['', 'application/json', 'an empty body'],
    [' \n', undefined, 'an empty body'],
    ['{"Services": [{"Port": 1}, {"canary', 'application/json', 'JSON that breaks off after 35 bytes'],
    ['{"Services": [', undefined, 'JSON that breaks off after 14 bytes'],
    ['{"Services": canary}', 'application/json', 'text that is not JSON$'],
    ['{"Services": [1 2], "canary": 0}', 'application/json', 'text that is not JSON from character 16$'],
    ['canary', undefined, 'text that is not JSON'],
  ])('%j of type %s is told by what it is', (body, type, instead) => {
    expect(said(body, type)).toMatch(new RegExp(`^malformed: expected JSON, got ${instead}`));
    expect(said(body, type)).not.toContain('canary');
  });

  test('may be invalid UTF-8', () => {
    expect(said(new Uint8Array([0x22, 0xff, 0x22]), 'application/json')).toBe(
      'malformed: the answer is not valid UTF-8',
    );
  });
});

describe('JSON that the schema does not take', () => {
  const union = z.union([z.object({ kind: z.literal('a') }), z.object({ list: z.array(z.number()) })]);

  test.each([
    [
      '{"Services": [{"Port":1},{"Port":2},{"Port":3},{"Port":"canary"}]}',
      schema,
      'Services[3].Port: expected number, received string',
    ],
    [
      '{"Services": [{"Port":1,"Meta":{"a b.c":7}}]}',
      schema,
      'Services[0].Meta["a b.c"]: expected string, received number',
    ],
    ['[]', schema, 'expected object, received array'],
    ['{}', schema, 'Services: expected array, received undefined'],
    ['{"list": [1, "canary"]}', union, 'list[1]: expected number, received string'],
  ])('%s names the path of the bad field', (body, by, message) => {
    expect(said(body, undefined, by)).toBe(`malformed: unexpected JSON: ${message}`);
  });

  test('nested 100,000 deep ends in an error, not in a crash', () => {
    const tree: z.ZodType = z.lazy(() => z.array(tree));
    expect(said('['.repeat(100_000) + ']'.repeat(100_000), undefined, tree)).toBe(
      'malformed: unexpected JSON: nested too deeply',
    );
  });
});

test('names like __proto__ stay what they are: names', () => {
  const labels = decodeJson(
    Buffer.from('{"__proto__": "x", "constructor": "y"}'),
    undefined,
    z.looseObject({}),
  );
  expect(Object.getPrototypeOf(labels)).toBe(Object.getPrototypeOf({}));
});
