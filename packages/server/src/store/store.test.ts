import { randomUUID } from 'node:crypto';
import { Problem, type Sealed } from '@coffer/core';
import type { DriverManifest } from '@coffer/core/driver';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createStore, migrate, type Store } from './store.ts';
import { instanceIn } from './testing.ts';

const sealed = (text: string) => text as Sealed;
let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await testDatabase();
  store = createStore({ url: database.url });
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

describe('migrations', () => {
  it('apply once, also when every copy applies them at once', async () => {
    await sql`drop schema public cascade; create schema public`.execute(store.db);
    const applied = await Promise.all([migrate(store), migrate(store), migrate(store)]);
    expect(applied.flat().filter((name) => name === '0001-initial')).toHaveLength(1);
  });
});

describe('datastores', () => {
  it('keep what the operator chose when a driver is registered again', async () => {
    const manifest = {
      datastore: 'demo',
      versions: [
        { name: '1', number: '1.0', image: 'demo:1', active: true },
        { name: '2', number: '2.0', image: 'demo:2', active: true, default: true },
      ],
    };
    const register = (sha256: string, image: string) => {
      const versions = manifest.versions.map((version) => ({ ...version, image }));
      return store.datastores.register({
        sha256,
        manifest: { ...manifest, versions } as unknown as DriverManifest,
        code: Buffer.from('code'),
      });
    };
    const { id } = await register('aa', 'demo:a');
    const [first, second] = await store.datastores.versions(id);
    expect(first && second).toBeTruthy();
    expect((await store.datastores.find('demo'))?.defaultVersionId).toBe(second?.id);
    await store.datastores.setDefaultVersion(id, first?.id ?? '');
    await store.datastores.setActive(second?.id ?? '', false);
    await register('bb', 'demo:b');
    expect((await store.datastores.find(id))?.defaultVersionId).toBe(first?.id);
    const again = await store.datastores.findVersions(id, '2.0');
    expect(again).toMatchObject([
      { id: second?.id, active: false, image: 'demo:b', driverSha256: 'bb', datastoreName: 'demo' },
    ]);
    expect(await store.datastores.driverCode('aa')).toEqual(Buffer.from('code'));
  });
});

describe('instances', () => {
  const quota = { deltas: { instances: 1, volumes: 5 }, defaults: { instances: 2, volumes: 40 } };

  it('come with their job and quota, or not at all', async () => {
    const projectId = randomUUID();
    const created = await instanceIn(store, { projectId, quota, secrets: { password: sealed('s') } });
    expect(await store.instances.get(created.id, projectId)).toMatchObject({
      task: 'building',
      serviceStatus: 'new',
      network: [],
      versionName: '1',
    });
    expect(await store.instances.get(created.id, 'another project')).toBeUndefined();
    expect(await store.jobs.get(created.jobId)).toMatchObject({
      kind: 'create',
      state: 'queued',
      projectId,
      secrets: { password: 's' },
    });
    await instanceIn(store, { projectId, quota });
    await expect(instanceIn(store, { projectId, quota })).rejects.toThrow(
      'Quota exceeded for resources: instances (limit 2, in use 2, asked 1)',
    );
    expect(await store.quotas.usage(projectId)).toEqual({ instances: 2, volumes: 10 });
    expect(await store.instances.list(projectId, { limit: 10 })).toHaveLength(2);
  });

  it('count a quota right when many are asked for at once', async () => {
    const projectId = randomUUID();
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => instanceIn(store, { projectId, quota })));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(2);
    expect(await store.quotas.usage(projectId)).toEqual({ instances: 2, volumes: 10 });
  });

  it('run one operation at a time', async () => {
    const { id } = await instanceIn(store, {});
    await store.instances.update(id, { task: 'none' });
    const begin = () => store.instances.begin(id, { from: ['none'], to: 'rebooting' }, { kind: 'restart' });
    const outcomes = await Promise.allSettled([begin(), begin(), begin()]);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    await expect(begin()).rejects.toMatchObject({ code: 'instance_busy' });
    expect(await store.jobs.ofInstance(id)).toHaveLength(2);
    await expect(
      store.instances.begin(id, { from: ['rebooting'], to: 'deleting', projectId: 'other' }, { kind: 'delete' }),
    ).rejects.toMatchObject({ code: 'not_found' });
    await store.instances.markDeleted(id);
    await expect(begin()).rejects.toMatchObject({ code: 'not_found' });
    expect(await store.instances.get(id)).toBeUndefined();
  });

  it('are paged by id', async () => {
    const projectId = randomUUID();
    const many = { deltas: {}, defaults: {} };
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => (await instanceIn(store, { projectId, quota: many })).id),
    );
    const page = await store.instances.list(projectId, { limit: 2 });
    const rest = await store.instances.list(projectId, { limit: 10, after: page[1]?.id ?? '' });
    expect([...page, ...rest].map((row) => row.id)).toEqual(ids.sort());
  });
});

describe('guests', () => {
  const facts = {
    serviceStatus: 'healthy',
    clockSkewMs: 3,
    agentBuild: '1',
    volumeUsedBytes: 5_000_000_000,
  } as const;

  it('are believed in the order in which they spoke', async () => {
    const { id } = await instanceIn(store, { guest: true });
    const take = (session: string, boot: number, number: number) =>
      store.guests.acceptReport(id, { session, boot, number }, facts);
    expect(await take('a', 1, 1)).toBe(true);
    expect(await take('a', 1, 1)).toBe(false);
    expect(await take('a', 1, 7)).toBe(true);
    expect(await take('a', 1, 6)).toBe(false);
    expect(await take('b', 2, 1)).toBe(true);
    expect(await take('a', 1, 8)).toBe(false);
    expect(await take('forged', 2, 9)).toBe(false);
    expect(await store.guests.acceptReport(randomUUID(), { session: 'a', boot: 1, number: 1 }, facts)).toBe(false);
    expect(await store.instances.get(id)).toMatchObject({
      serviceStatus: 'healthy',
      volumeUsedBytes: 5_000_000_000,
      clockSkewMs: 3,
    });
    expect(await store.guests.get(id)).toMatchObject({ session: 'b', boot: 2, lastNumber: 1 });
  });

  it('tell of their parameters, which counts for the order that they are to have', async () => {
    const { id } = await instanceIn(store, { guest: true });
    await store.instances.update(id, { specRevision: 3, restartRequired: ['a'], rejected: { b: 'no' } });
    let number = 0;
    const report = async (said: object) => {
      number += 1;
      await store.guests.acceptReport(id, { session: 'a', boot: 1, number }, { ...facts, ...said });
      const { restartRequired, rejected } = (await store.instances.get(id)) ?? {};
      return { restartRequired, rejected };
    };
    const news = { restartRequired: ['c'], rejected: { d: 'why “not”' } };
    // Of an order before, and of none.
    expect(await report({ ...news, revision: 2 })).toEqual({ restartRequired: ['a'], rejected: { b: 'no' } });
    expect(await report(news)).toEqual({ restartRequired: ['a'], rejected: { b: 'no' } });
    expect(await report({ ...news, revision: 3 })).toEqual(news);
    expect(await report({ revision: 3 })).toEqual({ restartRequired: [], rejected: {} });
  });

  it('enrol once; the same agent may ask again', async () => {
    const { id } = await instanceIn(store, { guest: true });
    const keys = (agentPublicKey: string) => ({
      agentPublicKey,
      serverPublicKey: randomUUID(),
      serverSecret: sealed('s'),
      upKid: randomUUID(),
      downKid: randomUUID(),
      epoch: 1,
    });
    const first = await store.guests.enrol(id, keys('agent'));
    expect(first).toMatchObject({ agentPublicKey: 'agent' });
    expect(await store.guests.enrol(id, keys('agent'))).toEqual(first);
    expect(await store.guests.enrol(id, keys('thief'))).toBeUndefined();
    expect(await store.guests.byUpKid(first?.upKid ?? '')).toEqual(first);
  });

  it('that fall silent are marked once, and the next report undoes it', async () => {
    const { id } = await instanceIn(store, { guest: true });
    expect(await store.instances.markSilent(0)).not.toContain(id);
    await store.guests.acceptReport(id, { session: 'a', boot: 1, number: 1 }, facts);
    expect(await store.instances.markSilent(60_000)).not.toContain(id);
    await sql`update instances set service_status_at = now() - interval '1 minute' where id = ${id}`.execute(store.db);
    expect(await store.instances.markSilent(15_000)).toContain(id);
    expect(await store.instances.markSilent(15_000)).not.toContain(id);
    expect(await store.instances.get(id)).toMatchObject({
      serviceStatus: 'agent_timeout',
      serviceDetail: expect.stringMatching(/^No report since 20/),
    });
    await store.guests.explainSilence(id, 'it speaks another protocol');
    expect(await store.instances.get(id)).toMatchObject({ serviceDetail: 'it speaks another protocol' });
    await store.guests.acceptReport(id, { session: 'a', boot: 1, number: 2 }, facts, { min: 1, max: 2 });
    expect(await store.guests.get(id)).toMatchObject({ protocolMin: 1, protocol: 2 });
    await store.guests.explainSilence(id, 'said of one that is heard');
    expect(await store.instances.get(id)).toMatchObject({ serviceStatus: 'healthy', serviceDetail: null });
  });
});

describe('the connection', () => {
  it('says in a problem that the store is away, and listens again after it was lost', async () => {
    const away = createStore({ url: 'postgresql:///x?user=postgres&host=/nonexistent' });
    await expect(away.ping()).rejects.toThrow(Problem);
    await expect(away.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await away.close();

    const heard: string[] = [];
    const listening = store.listen('test_channel', (payload) => heard.push(payload));
    await vi.waitFor(() => expect(heard).toEqual(['']), 5_000);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen "test_channel"'`.execute(
      store.db,
    );
    await vi.waitFor(() => expect(heard).toEqual(['', '']), 5_000);
    await sql`select pg_notify('test_channel', 'news')`.execute(store.db);
    await vi.waitFor(() => expect(heard).toEqual(['', '', 'news']), 5_000);
    await listening.close();
  });

  it('is cut in the middle of a query without ending the process', async () => {
    const waiting = sql`select pg_sleep(10)`.execute(store.db);
    const cut = vi.waitFor(async () => {
      const { rows } = await sql<{
        n: number;
      }>`select count(pg_terminate_backend(pid)) as n from pg_stat_activity where query = 'select pg_sleep(10)'`.execute(
        store.db,
      );
      expect(rows[0]?.n).toBe(1);
    }, 5_000);
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    await cut;
    await store.ping();
  });
});
