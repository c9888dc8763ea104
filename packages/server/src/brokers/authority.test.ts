import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Certificates, ensureCertificates } from './authority.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffer-authority-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A TLS handshake between a server with the certificate and a client that trusts only the authority. */
async function shakeHands(server: Certificates, client: Certificates, servername = 'broker.test'): Promise<string> {
  const listening = createServer({ cert: server.cert, key: server.key }, (socket) => socket.end());
  listening.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca: client.ca, servername }, () => resolve('trusted'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    listening.close();
  }
}

describe('the broker’s certificates', () => {
  it('are trusted by who has the authority, under their hosts alone', async () => {
    const ours = await ensureCertificates(folder, ['127.0.0.1', 'broker.test']);
    expect(await shakeHands(ours, ours)).toBe('trusted');
    expect(await shakeHands(ours, ours, 'another.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const other = await mkdtemp(join(tmpdir(), 'coffer-authority-'));
    const theirs = await ensureCertificates(other, ['broker.test']);
    await rm(other, { recursive: true });
    expect(await shakeHands(theirs, ours)).not.toBe('trusted');
  });

  it('stay until they are due or reached otherwise; the authority outlives them', async () => {
    const first = await ensureCertificates(folder, ['127.0.0.1']);
    expect(await ensureCertificates(folder, ['127.0.0.1'])).toEqual(first);
    const moved = await ensureCertificates(folder, ['10.0.0.1']);
    expect(moved.cert).not.toBe(first.cert);
    const later = await ensureCertificates(folder, ['10.0.0.1'], new Date(Date.now() + 330 * 24 * 3600_000));
    expect(later.cert).not.toBe(moved.cert);
    expect(later.ca).toBe(first.ca);
  });

  it('lie in files for their owner alone', async () => {
    await ensureCertificates(folder, ['127.0.0.1']);
    for (const file of ['authority.pem', 'broker.pem'])
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });
});
