import { generateKeyPairSync, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createSecretBox } from '../secrets.ts';
import { createStore, type Store } from '../store/store.ts';
import { createServiceAuthority } from './service-authority.ts';

let database: TestDatabase;
let store: Store;
const secrets = createSecretBox([randomBytes(32)]);

beforeAll(async () => {
  database = await testDatabase();
  store = createStore({ url: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const keys = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

describe('the authority of the service', () => {
  it('is one, whoever makes it, and its key is in no plain column', async () => {
    const copies = [0, 1, 2].map(() => createServiceAuthority({ store, secrets }));
    const issued = await Promise.all(copies.map((copy) => copy.issueFor(randomUUID(), keys().publicKey, ['10.0.0.5'])));
    expect(new Set(issued.map(({ ca }) => ca)).size).toBe(1);
    const rows = await store.db.selectFrom('authorities').selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('PRIVATE KEY');
    for (const { name, key } of rows) expect(secrets.open(key, `authority/${name}/key`)).toContain('PRIVATE KEY');
  });

  it('signs for an address, and clients that trust it alone accept it there and nowhere else', async () => {
    const { publicKey, key } = keys();
    const authority = createServiceAuthority({ store, secrets });
    const { certificate, ca, fingerprint } = await authority.issueFor('an-instance', publicKey, ['127.0.0.1']);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    const server = createServer({ cert: certificate, key }, (socket) => socket.end());
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const { port } = server.address() as AddressInfo;
    const shake = (host: string) =>
      new Promise((resolve) => {
        const socket = connect({ host, port, ca }, () => resolve('trusted'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    expect([await shake('127.0.0.1'), await shake('127.0.0.2')]).toEqual(['trusted', 'ERR_TLS_CERT_ALTNAME_INVALID']);
    server.close();
  });

  it('is followed by another before a certificate, which lasts a year, could outlive it', async () => {
    const year = 365 * 86_400_000;
    const issueAt = (time: number) =>
      createServiceAuthority({ store, secrets }, () => new Date(time)).issueFor('i', keys().publicKey, ['10.0.0.5']);
    const start = Date.now();
    const authorities = new Set<string>();
    for (const years of [0, 8.9, 9.1, 9.2]) {
      const { certificate, ca, expiresAt } = await issueAt(start + years * year);
      authorities.add(ca);
      expect((Date.parse(expiresAt) - start) / year - years).toBeCloseTo(1, 2);
      expect(Date.parse(new X509Certificate(ca).validTo)).toBeGreaterThan(Date.parse(expiresAt));
      expect(new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey)).toBe(true);
    }
    expect(authorities.size).toBe(2);
  });

  it('signs no key that is weak, private or none', async () => {
    const authority = createServiceAuthority({ store, secrets });
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    const strong = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      type: 'spki',
      format: 'pem',
    });
    for (const pem of ['', 'x', weak.toString(), keys().key])
      await expect(authority.issueFor('i', pem, [])).rejects.toMatchObject({ code: 'guest_failed' });
    await expect(authority.issueFor('i', strong.toString(), ['10.0.0.5'])).resolves.toMatchObject({
      ca: expect.any(String),
    });
  });
});
