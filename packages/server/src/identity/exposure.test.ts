import { expect, it } from 'vitest';
import { checkExposure, isLoopback } from './exposure.ts';

it('knows what stays on the machine', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])
    expect(isLoopback(host)).toBe(true);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.org', 'localhost.evil.org', ''])
    expect(isLoopback(host)).toBe(false);
});

it('refuses to take passwords in the clear from a network', () => {
  expect(() => checkExposure({ host: '0.0.0.0', hasTls: false, allowInsecure: false })).toThrow(
    /plain HTTP on 0\.0\.0\.0/,
  );
  checkExposure({ host: '0.0.0.0', hasTls: true, allowInsecure: false });
  checkExposure({ host: '0.0.0.0', hasTls: false, allowInsecure: true });
  checkExposure({ host: '127.0.0.1', hasTls: false, allowInsecure: false });
});
