import { X509Certificate } from 'node:crypto';
import { Problem } from '@coffer/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConductor } from '../../packages/server/src/conductor/conductor.ts';
import { type Account, startApi, type TestApi } from '../support/api.ts';
import { paperInstance, registerPaper, workOn } from '../support/paper.ts';
import { UNLIMITED } from '../support/quotas.ts';

const SSL = '/v1.0/{project_id}/instances/{instance_id}/ssl';

let api: TestApi;
let ada: Account;
let worker: ReturnType<typeof workOn>;
let id: string;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
  await registerPaper(api);
  worker = workOn(api);
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  id = await paperInstance(api, ada);
  api.guests.calls.length = 0;
  api.guests.answers.clear();
});
afterEach(() => expect(api.errors).toEqual([]));

const path = () => ({ params: { path: { instance_id: id } } });
const show = async (include_certificate?: string, account = ada) =>
  account.client.GET(SSL, {
    params: { path: { instance_id: id }, ...(include_certificate !== undefined && { query: { include_certificate } }) },
  });
const change = (ssl: object, account = ada) => account.client.POST(SSL, { ...path(), body: { ssl } });
const status = async (ssl: object) => (await change(ssl)).response.status;
/** As an operator’s clock would have it in so many days. */
const expireIn = (days: number) =>
  api.store.db
    .updateTable('certificates')
    .set({ expiresAt: new Date(Date.now() + days * 24 * 3600_000) })
    .where('instanceId', '=', id)
    .execute();

describe('TLS', () => {
  it('is shown with the certificate that is in force, and the authority to trust', async () => {
    expect((await show()).data).toEqual({ ssl: { status: 'off', mode: 'builtin' } });
    const { data, response } = await change({ renew: true });
    expect([response.status, data]).toEqual([200, { ssl: { restart_required: false } }]);
    await worker.idle();
    const { ssl } = (await show('yes')).data ?? {};
    const address = (await api.store.instances.get(id))?.addresses[0]?.address ?? '';
    expect(ssl).toMatchObject({ status: 'on', mode: 'builtin', certificate: { cn: id, san: [address] } });
    const [certificate, ca] = [ssl?.certificate?.payload ?? '', ssl?.ca ?? ''].map((pem) => new X509Certificate(pem));
    if (!certificate || !ca) throw new Error('there is no certificate');
    expect(certificate.verify(ca.publicKey) && certificate.checkIssued(ca)).toBe(true);
    expect(certificate.checkIP(address)).toBe(address);
    expect(ssl?.certificate?.expire_at).toBe(certificate.validToDate.toISOString().slice(0, 19));
    expect((await show()).data?.ssl.certificate).not.toHaveProperty('payload');
    expect((await show('')).data?.ssl.certificate).not.toHaveProperty('payload');
    const { key } = (await api.store.certificates.authority()) ?? {};
    expect(key).toMatch(/^v1\./);
  });

  it('is required, or not any more, and keeps its certificate', async () => {
    await change({ renew: true });
    await worker.idle();
    const before = (await show('1')).data?.ssl;
    for (const mode of ['enforced', 'basic'] as const) {
      expect(await status({ mode })).toBe(200);
      await worker.idle();
      expect((await show('1')).data?.ssl).toEqual({ ...before, mode });
      expect(api.guests.spec(id)?.tls?.isRequired).toBe(mode === 'enforced');
    }
    expect(api.guests.calls.filter(({ method }) => method === 'tls_request')).toHaveLength(1);
  });

  it('is renewed with a new key when somebody asks, and before it expires', async () => {
    await change({ renew: true });
    await worker.idle();
    const first = (await show('1')).data?.ssl;
    await change({ renew: true });
    await worker.idle();
    const second = (await show('1')).data?.ssl;
    expect(second?.ca).toBe(first?.ca);
    const [before, after] = [first, second].map((ssl) =>
      new X509Certificate(ssl?.certificate?.payload ?? '').publicKey.export({ type: 'spki', format: 'pem' }),
    );
    expect(after).not.toBe(before);
    // The one before is of no use any more.
    const kept = await api.store.db
      .selectFrom('certificates')
      .select('fingerprint')
      .where('instanceId', '=', id)
      .execute();
    expect(kept).toHaveLength(1);

    const conductor = createConductor({ store: api.store, cloud: api.cloud });
    await expireIn(61);
    expect(await conductor.runOnce()).toMatchObject({ changes: 0 });
    await expireIn(59);
    expect(await conductor.runOnce()).toMatchObject({ changes: 1 });
    await worker.idle();
    expect((await show('1')).data?.ssl.certificate?.payload).not.toBe(second?.certificate?.payload);
    expect(await conductor.runOnce()).toMatchObject({ changes: 0 });
  });

  it('keeps the certificate that is shown until another is in force', async () => {
    await change({ renew: true });
    await worker.idle();
    const before = (await show('1')).data?.ssl;
    // The key is made, and the order does not get through.
    api.guests.answers.set('configure', new Problem('timeout', 'no answer'));
    await change({ renew: true });
    await worker.idle();
    expect((await show('1')).data?.ssl).toEqual(before);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'none', changeWaitsSince: expect.any(Date) });

    // Within minutes the conductor sends it once more.
    api.guests.answers.clear();
    const conductor = createConductor({ store: api.store, cloud: api.cloud });
    expect(await conductor.runOnce()).toMatchObject({ changes: 0 });
    await api.store.instances.update(id, { changeWaitsSince: new Date(Date.now() - 6 * 60_000) });
    expect(await conductor.runOnce()).toMatchObject({ changes: 1 });
    await worker.idle();
    expect((await show('1')).data?.ssl.certificate?.payload).not.toBe(before?.certificate?.payload);
    expect(await api.store.instances.get(id)).toMatchObject({ changeWaitsSince: null, fault: null });
    expect(api.guests.calls.filter(({ method }) => method === 'tls_request')).toHaveLength(2);
  });

  it('is not renewed again and again where that fails for good', async () => {
    await change({ renew: true });
    await worker.idle();
    await expireIn(59);
    api.guests.answers.set('configure', new Problem('guest_failed', 'the database takes no certificate'));
    const conductor = createConductor({ store: api.store, cloud: api.cloud });
    expect(await conductor.runOnce()).toMatchObject({ changes: 1 });
    await worker.idle();
    expect((await api.store.instances.get(id))?.fault?.message).toContain('the database takes no certificate');
    await expireIn(59);
    expect(await conductor.runOnce()).toMatchObject({ changes: 0 });
    const longAgo = new Date(Date.now() - 6 * 60_000);
    await api.store.db.updateTable('jobs').set({ endedAt: longAgo }).where('instanceId', '=', id).execute();
    expect(await conductor.runOnce()).toMatchObject({ changes: 1 });
    api.guests.answers.clear();
    await worker.idle();
  });

  it('believes no guest that names something else than a key', async () => {
    for (const publicKey of ['', 'no key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n']) {
      api.guests.answers.set('tls_request', { publicKey });
      await change({ renew: true });
      await worker.idle();
      const fault = (await api.store.instances.get(id))?.fault;
      expect(fault?.message).toMatch(/named no public key/);
      expect(await api.store.certificates.newest(id)).toBeUndefined();
    }
    api.guests.answers.set('tls_status', { fingerprint: '\0', isRequired: false });
    expect((await show()).data).toEqual({ ssl: { status: 'on', mode: 'builtin' } });
  });

  it('says what needs a certificate store, and what contradicts itself', async () => {
    expect(await status({})).toBe(200);
    expect((await change({})).data).toEqual({ ssl: {} });
    expect(await status({ enable: true })).toBe(400);
    expect(await status({ enable: true, disable: true })).toBe(400);
    expect(await status({ renew: true, rollback: true })).toBe(400);
    expect(await status({ mode: 'full' })).toBe(400);
    for (const ssl of [
      { enable: true, container_ref: 'http://store/1' },
      { disable: true },
      { rollback: true },
      { mode: 'mtls' },
    ])
      expect(await status(ssl), JSON.stringify(ssl)).toBe(501);
    expect(
      (await api.raw('POST', `/v1.0/${ada.projectId}/instances/${id}/ssl`, { token: ada.token, body: '{}' })).status,
    ).toBe(400);
    await api.store.instances.update(id, { task: 'rebooting' });
    expect(await status({ enable: true })).toBe(422);
    expect(api.guests.calls).toEqual([]);
  });

  it('is its owner’s, and only where the datastore has it', async () => {
    const bob = await api.account();
    expect((await show(undefined, bob)).response.status).toBe(404);
    expect((await change({ renew: true }, bob)).response.status).toBe(404);
    await api.store.instances.update(id, { serviceStatus: 'crashed' });
    expect((await show()).response.status).toBe(422);
    id = await paperInstance(api, ada, 'stone');
    expect((await show()).response.status).toBe(501);
    expect(await status({ renew: true })).toBe(501);
  });
});
