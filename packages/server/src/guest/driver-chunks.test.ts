import { randomUUID } from 'node:crypto';
import type { Sealed } from '@coffer/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../test/support/postgres.ts';
import { createStore, type Store } from '../store/store.ts';
import { instanceIn } from '../store/testing.ts';
import { createDriverChunks } from './driver-chunks.ts';

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

it('hands out the bundle that the enrolment names, also when another was registered since', async () => {
  const { id } = await instanceIn(store, {});
  const version = await store.datastores.version((await store.instances.get(id))?.datastoreVersionId ?? '');
  if (!version) throw new Error('the instance has no version');
  const secret = 'sealed' as Sealed;
  await store.guests.create({
    instanceId: id,
    tokenKid: randomUUID(),
    token: secret,
    brokerPassword: secret,
    brokerPasswordHash: '',
    driver: version.driverSha256,
  });
  const next = 'ee'.repeat(32);
  await store.datastores.register({ sha256: next, manifest: version.manifest, code: Buffer.from('next') });
  expect((await store.datastores.version(version.id))?.driverSha256).toBe(next);

  const chunk = createDriverChunks(store);
  expect(await chunk(id, { sha256: version.driverSha256, offset: 0 })).toHaveProperty('totalBytes');
  await expect(chunk(id, { sha256: next, offset: 0 })).rejects.toMatchObject({ code: 'not_found' });
  await expect(chunk(randomUUID(), { sha256: next, offset: 0 })).rejects.toMatchObject({ code: 'not_found' });
});
