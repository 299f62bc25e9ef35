import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bypassesProxy } from '../../lib/http/proxy.ts';

describe('no_proxy', () => {
  test.each([
    // entry, host, port, whether the request goes past the proxy
    ['', 'example.com', 80, false],
    ['*', 'example.com', 80, true],
    ['a.com, *', '10.0.0.1', 80, true],
    ['example.com', 'example.com', 443, true],
    ['example.com', 'EXAMPLE.com', 443, true],
    ['Example.COM', 'www.example.com', 443, true],
    ['example.com', 'notexample.com', 443, false],
    ['example.com', 'example.com.evil.org', 443, false],
    ['.example.com', 'www.example.com', 443, true],
    ['.example.com', 'example.com', 443, false],
    ['*.example.com', 'www.example.com', 443, true],
    ['*.example.com', 'example.com', 443, false],
    ['example.com:8500', 'example.com', 8500, true],
    ['example.com:8500', 'a.example.com', 8500, true],
    ['example.com:8500', 'example.com', 443, false],
    ['.example.com:8500', 'a.example.com', 8501, false],
    [' a.org ,\texample.com ', 'example.com', 443, true],
    [',,', 'example.com', 443, false],
    [':80', 'example.com', 80, false],
    ['bücher.example', 'xn--bcher-kva.example', 443, true],
    ['10.1.2.3', '10.1.2.3', 80, true],
    ['10.1.2.3', '10.1.2.30', 80, false],
    ['10.1.2.3:9090', '10.1.2.3', 9090, true],
    ['10.1.2.3:9090', '10.1.2.3', 80, false],
    ['10.1.0.0/16', '10.1.255.1', 80, true],
    ['10.1.0.0/16', '10.2.0.1', 80, false],
    ['10.1.0.0/33', '10.1.0.1', 80, false],
    ['10.1.0.0/16', 'host.in.10.1.example', 80, false],
    ['fd00::/8', 'fd12::1', 80, true],
    ['fd00::/8', 'fe80::1', 80, false],
    ['fd00::1', 'fd00:0:0::1', 80, true],
    ['[fd00::1]:9090', 'fd00::1', 9090, true],
    ['[fd00::1]:9090', 'fd00::1', 80, false],
    ['10.1.2.3', '::ffff:10.1.2.3', 80, true],
    ['10.1.0.0/16', '::ffff:a01:203', 80, true],
    ['', 'localhost', 80, true],
    ['', '127.8.9.1', 80, true],
    ['', '::1', 80, true],
    ['', 'localhost.example.com', 80, false],
  ])('%j and a request to %s port %d: past the proxy %s', (noProxy, host, port, expected) => {
    expect(bypassesProxy(noProxy, host, port)).toBe(expected);
  });

  test('decides for any text, and a name that stands in it always goes past the proxy', () => {
    const name = fc.domain();
    fc.assert(
      fc.property(fc.array(fc.string()), name, (others, host) => {
        const list = [...others.map((text) => text.replaceAll(',', '')), host].join(',');
        expect(bypassesProxy(list, host, 80)).toBe(true);
      }),
    );
  });
});
