import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRedactor } from '../../lib/http/url-text.ts';

test.each([
  ['as it is', 'p"w&<é> 1', 'p"w&<é> 1'],
  ['in JSON', 'p"w\\1', 'p\\"w\\\\1'],
  ['in a URL', 'p@s/s é', 'p%40s%2Fs%20%C3%A9'],
  ['in a form', 'p@s/s é', 'p%40s%2Fs+%C3%A9'],
  ['in base64', 'password', 'cGFzc3dvcmQ='],
  ['in HTML', 'a<b&"c"', 'a&lt;b&amp;&quot;c&quot;'],
  ['in another case', 'MiXed-Case', 'mixed-CASE'],
  ['without the spaces around it', '  padded \n', 'padded'],
])('a secret is recognised %s', (_, secret, echoed) => {
  const redactor = createRedactor();
  redactor.learn(secret);
  expect(redactor.clean(`<${echoed}>`)).toBe('<<secret>>');
});

test('a secret within another one leaves nothing of either', () => {
  const redactor = createRedactor();
  redactor.learn('token');
  redactor.learn('long-token-here');
  expect(redactor.clean('long-token-here, token')).toBe('<secret>, <secret>');
});

test('an empty secret changes nothing, and one too short to be masked takes the whole text', () => {
  const redactor = createRedactor();
  redactor.learn('');
  redactor.learn(' ');
  expect(redactor.clean('all is well')).toBe('all is well');
  redactor.learn('w');
  expect([redactor.clean('all is well'), redactor.clean('fine')]).toEqual(['', 'fine']);
});

test('no text holds a known secret after it was cleaned', () => {
  const secret = fc
    .string({ minLength: 4, maxLength: 12 })
    .filter((text) => !'<secret>'.includes(text.trim()));
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
      const redactor = createRedactor();
      redactor.learn(text);
      const cleaned = redactor.clean(before + text + after);
      expect(cleaned.replaceAll('<secret>', '')).not.toContain(text.trim());
    }),
  );
});
