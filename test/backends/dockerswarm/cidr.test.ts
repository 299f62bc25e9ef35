import { expect, test } from '@jest/globals';
import { ipOfCidr } from '../../../lib/backends/dockerswarm/roles.ts';

test.each([
  ['10.0.1.4/24', '10.0.1.4'],
  ['10.0.1.4/0', '10.0.1.4'],
  ['FD00:0:0:0::0042/64', 'fd00::42'],
  ['2001:db8:0:1:0:0:0:1/128', '2001:db8:0:1::1'],
  ['::ffff:10.0.0.1/120', '10.0.0.1'],
  ['::FFFF:ff00:00ff/96', '255.0.0.255'],
  ['::/0', '::'],
])('the IP of %s is %s', (text, ip) => {
  expect(ipOfCidr(text)).toBe(ip);
});

test.each([
  '',
  '10.0.1.4',
  '10.0.1.4/',
  '10.0.1.4/33',
  '10.0.1/24',
  '010.0.1.4/24',
  'fd00::1/129',
  'fe80::1%eth0/64',
  'fd00::1::2/64',
  'host/24',
  '10.0.1.4/24/24',
  '10.0.1.4/-1',
])('%j has none', (text) => {
  expect(ipOfCidr(text)).toBeUndefined();
});
