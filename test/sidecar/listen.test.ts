import { expect, test } from '@jest/globals';
import { parseListenAddress } from '../../lib/sidecar/serve/http.ts';

test.each([
  [':9469', { port: 9469 }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['localhost:65535', { host: 'localhost', port: 65535 }],
  ['[::1]:9469', { host: '::1', port: 9469 }],
  ['[fe80::1%eth0]:9469', { host: 'fe80::1%eth0', port: 9469 }],
])('%s is read', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

test.each([
  '',
  '9469',
  'host',
  ':',
  ':65536',
  ':-1',
  '::1:9469',
  '[::1]',
  'http://host:80',
  'a b:80',
  ':80/x',
])('%j is refused with an example of what to write', (text) => {
  expect(() => parseListenAddress(text)).toThrow(
    expect.objectContaining({
      kind: 'config',
      message: `${JSON.stringify(text)} is not an address to listen on; write :9469, 127.0.0.1:9469 or [::1]:9469`,
    }),
  );
});
