import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSpec } from '@coffer/core/rpc';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DATABASE } from './database.ts';
import { createAgentState, openStateFolder } from './state.ts';
import { memoryState, scratch, spec } from './testing.ts';
import { count, soon, stageFor } from './testing-agent.ts';
import { createAuthority } from './testing-authority.ts';
import { createTls } from './tls.ts';

const stage = () => stageFor(onTestFinished);

let operations = 0;
const op = (id = `tls-${++operations}`) => ({ id, signal: soon() });
const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
const publicKeyOf = (key: string): string => createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();

type Timing = Parameters<Awaited<ReturnType<typeof stage>>['begin']>[0];

/** A guest whose database serves, with TLS from its start where that is on. */
async function secured({ isOn = true, timing = {} }: { isOn?: boolean; timing?: Timing } = {}) {
  const made = await stage();
  const process = made.begin(timing);
  const { ca, certify } = await createAuthority();
  const { publicKey } = await process.handlers.tls_request({}, op());
  const tls = { ca, certificate: await certify(publicKey), isRequired: false };
  await process.handlers.prepare({ spec: { ...spec, ...(isOn && { tls }) }, databases: [], users: [] }, op());
  const next = (revision: number, changes: Partial<InstanceSpec>): InstanceSpec => ({
    ...spec,
    tls,
    revision,
    ...changes,
  });
  return { ...made, ...process, ca, certify, publicKey, tls, next };
}

describe('TLS', () => {
  it('is there from the first moment, with a key that was made in the guest', async () => {
    const { driver, file, handlers, publicKey, tls, ca } = await secured();
    const fingerprint = fingerprintOf(tls.certificate);
    expect(await handlers.tls_status({}, op())).toEqual({ fingerprint, isRequired: false });
    const key = await file('/etc/fakedb/tls/key.pem');
    expect(publicKeyOf(key)).toBe(publicKey);
    expect(createPrivateKey(key).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(await file('/etc/fakedb/tls/tls.pem')).toBe([ca, tls.certificate, false].join('\n'));
    expect(driver.calls.filter((call) => call === 'apply tls')).toHaveLength(1);
  });

  it('is rotated below the running database, and the old key is forgotten then', async () => {
    const { driver, file, handlers, certify, next, ca, runtime, stored } = await secured();
    const { publicKey } = await handlers.tls_request({}, op());
    expect(stored.tlsKeys).toHaveLength(2);
    const rotated = { ca, certificate: await certify(publicKey), isRequired: true };
    expect(await handlers.configure({ spec: next(2, { tls: rotated }) }, op())).toEqual({ outcomes: {} });
    expect(driver).toMatchObject({ shown: fingerprintOf(rotated.certificate), isTlsRequired: true });
    expect(publicKeyOf(await file('/etc/fakedb/tls/key.pem'))).toBe(publicKey);
    expect(stored.tlsKeys.map(({ key }) => publicKeyOf(key))).toEqual([publicKey]);
    expect(count(runtime, 'start', DATABASE)).toBe(1);
    expect(driver.calls).not.toContain('close');
  });

  it('may come to a database that had none, without a new container', async () => {
    const { handlers, next, runtime, driver, tls, file } = await secured({ isOn: false });
    expect(driver.shown).toBeUndefined();
    await handlers.configure({ spec: next(2, { tls }) }, op());
    expect(driver.shown).toBe(fingerprintOf(tls.certificate));
    expect(await file('/etc/fakedb/tls/key.pem')).toContain('PRIVATE KEY');
    expect(count(runtime, 'create', DATABASE)).toBe(1);
  });

  it('is put right when the database shows something else', async () => {
    const { driver, tls } = await secured({ timing: { driftMs: 10 } });
    driver.shown = '00'.repeat(32);
    await vi.waitFor(() => expect(driver.shown).toBe(fingerprintOf(tls.certificate)));
    const { length } = driver.calls.filter((call) => call === 'apply tls');
    expect(length).toBe(2);
  });

  it('says so when the database goes on with another certificate', async () => {
    const { driver, handlers, next, certify, ca, agent } = await secured();
    const { publicKey } = await handlers.tls_request({}, op());
    const shown = driver.shown;
    Object.defineProperty(driver, 'shown', { get: () => shown, set: () => {} });
    const tls = { ca, certificate: await certify(publicKey), isRequired: false };
    await expect(handlers.configure({ spec: next(2, { tls }) }, op())).rejects.toMatchObject({
      code: 'guest_failed',
      detail: 'The database goes on with another certificate than it was given.',
    });
    expect(agent.status()).toMatchObject({
      state: 'healthy',
      revision: 1,
      detail: expect.stringMatching(/certificate/),
    });
  });

  it('refuses a certificate that is for no key of this guest', async () => {
    const { handlers, next, ca, certify } = await secured();
    const stranger = await stage();
    const { publicKey } = await stranger.begin().handlers.tls_request({}, op());
    for (const [certificate, why] of [
      [await certify(publicKey), /a key that this guest does not have/],
      ['nonsense', /no certificate/],
    ] as const) {
      const wrong = next(2, { tls: { ca, certificate, isRequired: false } });
      const refusal = { code: 'bad_request', detail: expect.stringMatching(why) };
      await expect(handlers.configure({ spec: wrong }, op())).rejects.toMatchObject(refusal);
      await expect(handlers.prepare({ spec: wrong, databases: [], users: [] }, op())).rejects.toMatchObject(refusal);
    }
  });

  it('makes one key under one operation id, and keeps the newest that waits beside the one in use', async () => {
    const { handlers, stored, publicKey } = await secured();
    const { id } = op();
    const first = await handlers.tls_request({}, op(id));
    expect(await handlers.tls_request({}, op(id))).toEqual(first);
    const second = await handlers.tls_request({}, op());
    expect(second).not.toEqual(first);
    expect(stored.tlsKeys.map(({ key }) => publicKeyOf(key))).toEqual([publicKey, second.publicKey]);
    // What it named is gone: it makes another rather than lie.
    const third = await handlers.tls_request({}, op(id));
    expect(third).not.toEqual(first);
  });

  it('is not supported by a driver without it', async () => {
    const made = await stage();
    made.driver.factory.manifest = { ...made.driver.factory.manifest, groups: [] };
    const { handlers } = made.begin();
    await expect(handlers.tls_request({}, op())).rejects.toMatchObject({ code: 'not_supported' });
    const tls = { ca: 'x', certificate: 'x', isRequired: true };
    await expect(handlers.prepare({ spec: { ...spec, tls }, databases: [], users: [] }, op())).rejects.toMatchObject({
      code: 'not_supported',
    });
  });

  it('keeps its keys on disk, for nobody else to read', async () => {
    const path = join(await scratch(onTestFinished), 'state');
    const publicKey = await createTls(createAgentState(await openStateFolder(path))).request();
    expect((await stat(join(path, 'tls.json'))).mode & 0o777).toBe(0o600);
    expect(await createTls(createAgentState(await openStateFolder(path))).kept(publicKey)).toBe(true);
    expect(await createTls(memoryState()).kept(publicKey)).toBe(false);
    expect(await readFile(join(path, 'tls.json'), 'utf8')).toContain('PRIVATE KEY');
  });
});
