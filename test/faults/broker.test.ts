import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUnavailable, type FaultWorld, startFaultWorld } from '../support/fault-world.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { storedRelay, type TestRelay } from '../support/relay.ts';

let database: TestDatabase;
let relay: TestRelay;
let world: FaultWorld;
let id: string;

beforeAll(async () => {
  database = await testDatabase();
  world = await startFaultWorld({
    databaseUrl: database.url,
    async broker(store) {
      relay = await storedRelay(store);
      return relay;
    },
  });
  id = await world.create();
  await world.shows(id, { status: 'ACTIVE', operating_status: 'HEALTHY' });
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await database?.drop();
});

/** In any case; what a guest asked in vain may be said too. */
const SAID = {
  'the connection to the message broker ended; it is tried again': 1,
  'guests cannot be heard; none is called silent now': 1,
  'a part of the service does not answer': 1,
  'requests fail: listDatabases': 1,
};

/** What all of these have in common: the broker is away from the service, and comes back. */
async function outage(begin: () => Promise<void>, end: () => Promise<void>): Promise<void> {
  world.forgetLog();
  await begin();
  await world.until(async () => expect(await world.health()).toEqual({ store: 'ok', broker: 'failed', cloud: 'ok' }));

  // What needs no guest is served; what needs one is refused, soon and in a sentence.
  const [shown, refused, made] = await Promise.all([
    world.show(id),
    world.get(`/v1.0/{project}/instances/${id}/databases`),
    world.create('made meanwhile'),
  ]);
  expect(shown).toMatchObject({ status: 'ACTIVE', operating_status: 'HEALTHY' });
  expectUnavailable(refused);

  // The guest's own state changes while nobody can hear of it.
  world.guests.database(id).health = { state: 'blocked', detail: 'under test' };
  const heard = (await world.store.instances.get(id))?.serviceStatusAt;
  await world.until(() => expect(world.troubles()).toHaveProperty('guests cannot be heard; none is called silent now'));
  expect((await world.show(made))?.status).toBe('BUILD');

  await end();
  await world.shows(id, { status: 'ACTIVE', operating_status: 'BLOCKED' });
  await world.shows(made, { status: 'ACTIVE', operating_status: 'HEALTHY' });
  expect(await world.health()).toEqual({ store: 'ok', broker: 'ok', cloud: 'ok' });
  expect((await world.store.instances.get(id))?.serviceStatusAt?.getTime()).toBeGreaterThan(heard?.getTime() ?? 0);
  const prepared = world.guests.runs.filter((run) => run.instanceId === made && run.method === 'prepare');
  expect(prepared).toHaveLength(1);

  world.guests.database(id).health = { state: 'healthy' };
  await world.shows(id, { operating_status: 'HEALTHY' });
  expect(await world.get(`/v1.0/{project}/instances/${id}/databases`)).toMatchObject({ status: 200 });

  // However long it lasted, and however often somebody asked.
  expect(world.troubles()).toMatchObject(SAID);
  expect(Object.entries(world.troubles()).filter(([, times]) => times > 1)).toEqual([]);
  expect(world.troubles()).not.toHaveProperty('guests fell silent');
}

describe('a broker', () => {
  it('that one guest cannot reach', async () => {
    const other = await world.create('cut off');
    await world.shows(other, { status: 'ACTIVE', operating_status: 'HEALTHY' });
    world.forgetLog();
    world.way(other).drop();
    await world.shows(other, { status: 'ACTIVE', operating_status: 'ERROR' });
    expect((await world.store.instances.get(other))?.serviceDetail).toMatch(/^No report since /);
    const asked = await world.get(`/v1.0/{project}/instances/${other}/databases`);
    expect(asked).toMatchObject({ status: 422, body: { unprocessableEntity: { code: 422 } } });
    // Of the rest nothing is wrong.
    expect(await world.health()).toEqual({ store: 'ok', broker: 'ok', cloud: 'ok' });
    await world.hearsFrom(id);
    expect(await world.show(id)).toMatchObject({ operating_status: 'HEALTHY' });
    world.guests.database(other).health = { state: 'blocked', detail: 'under test' };
    world.way(other).heal();
    await world.shows(other, { status: 'ACTIVE', operating_status: 'BLOCKED' });
    expect(world.troubles()).toEqual({ 'guests fell silent': 1 });
  });

  it('that is stopped and started', async () => {
    await outage(relay.stop, relay.start);
  });

  it('whose way to the service drops everything', async () => {
    await outage(
      async () => world.toBroker.drop(),
      async () => world.toBroker.heal(),
    );
  });

  it('whose way to the service is cut', async () => {
    await outage(
      async () => world.toBroker.refuse(),
      async () => world.toBroker.heal(),
    );
  });
});
