import { expect, it } from 'vitest';
import { createBaseUrl } from './base-url.ts';

const request = new Request('http://db.test/x', {
  headers: { 'X-Forwarded-Proto': 'https, http', 'X-Forwarded-Host': 'a.example, b.example' },
});

it('believes whom it was told to believe', () => {
  const baseUrlOf = createBaseUrl(['192.0.2.1', '2001:db8::/32']);
  expect(baseUrlOf(request, '192.0.2.1')).toBe('https://a.example');
  expect(baseUrlOf(request, '2001:db8::7')).toBe('https://a.example');
  expect(baseUrlOf(request, '192.0.2.2')).toBe('http://db.test');
  expect(baseUrlOf(request, 'not an address')).toBe('http://db.test');
  const odd = new Request('http://db.test/x', {
    headers: { 'X-Forwarded-Proto': 'javascript', 'X-Forwarded-Host': '[::1]:8443' },
  });
  expect(baseUrlOf(odd, '192.0.2.1')).toBe('http://[::1]:8443');
});

it('refuses a list that it cannot read', () => {
  for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0.0/x', ''])
    expect(() => createBaseUrl([wrong])).toThrow(/trusted proxy/);
});
