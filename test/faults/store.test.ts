import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchPostgres, type Postgres } from '../../packages/server/src/store/postgres.ts';
import { createStore, migrate } from '../../packages/server/src/store/store.ts';
import { expectUnavailable, type FaultWorld, socketOf, startFaultWorld } from '../support/fault-world.ts';
import { asAdmin } from '../support/postgres.ts';
import { storedRelay } from '../support/relay.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

let launch: () => Promise<Postgres>;
let postgres: Postgres;
let world: FaultWorld;
let id: string;

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'coffer-faults-pg-'));
  launch = () => launchPostgres({ dataDir, settings: { fsync: 'off', full_page_writes: 'off' } });
  postgres = await launch();
  const store = createStore({ url: postgres.url });
  await migrate(store);
  await store.close();
  world = await startFaultWorld({ databaseUrl: postgres.url, broker: storedRelay });
  id = await world.create();
  await world.shows(id, { status: 'ACTIVE', operating_status: 'HEALTHY' });
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await postgres?.destroy();
});

/** In any case; jobs that were in hand say of themselves. */
const SAID = {
  'messages cannot be handled and go back to their queue': 1,
  'guests cannot be heard; none is called silent now': 1,
  'the conductor could not do its round': 1,
  'a part of the service does not answer': 1,
  'requests fail: showInstance': 1,
  'requests fail: listInstances': 1,
  'requests fail: listFlavors': 1,
};

/** What all of these have in common: the store is away from the service, and comes back. */
async function outage(begin: () => Promise<unknown>, end: () => Promise<unknown>): Promise<void> {
  // A job that is in the middle of its work, and takes longer than its lease can be held without a store.
  world.cloud.faults.next('servers.create', { as: 'slow', ms: 3_000 });
  const building = await world.create('under way');
  await world.until(async () =>
    expect(await world.store.ledger.find('server', building)).toMatchObject({ state: 'present' }),
  );
  world.forgetLog();

  await begin();
  await world.until(async () => expect(await world.health()).toEqual({ store: 'failed', broker: 'ok', cloud: 'ok' }));
  const refused = await Promise.all([
    world.get(`/v1.0/{project}/instances/${id}`),
    world.get('/v1.0/{project}/instances'),
    world.get('/v1.0/{project}/flavors'),
  ]);
  for (const answer of refused) expectUnavailable(answer);
  world.guests.database(id).health = { state: 'blocked', detail: 'under test' };
  await world.until(() => {
    expect(world.log.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^(the lease of job .* was lost|job could not be handed back)/),
    );
    expect(world.troubles()).toMatchObject(SAID);
  });

  await end();
  await world.shows(id, { status: 'ACTIVE', operating_status: 'BLOCKED' });
  await world.shows(building, { status: 'ACTIVE', operating_status: 'HEALTHY' });
  expect(await world.health()).toEqual({ store: 'ok', broker: 'ok', cloud: 'ok' });
  // Begun once more by whoever has the lease, done once.
  expect((await world.cloud.servers.list()).filter(({ key }) => key === building)).toHaveLength(1);
  expect(world.guests.runs.filter((run) => run.instanceId === building && run.method === 'prepare')).toHaveLength(1);
  world.guests.database(id).health = { state: 'healthy' };
  await world.shows(id, { operating_status: 'HEALTHY' });
  for (const path of ['instances', 'flavors'])
    expect(await world.get(`/v1.0/{project}/${path}`)).toMatchObject({ status: 200 });
  // However long it lasted, and however often somebody asked.
  expect(Object.entries(world.troubles()).filter(([, times]) => times > 1)).toEqual([]);
}

describe('a store', () => {
  it('that is stopped and started', async () => {
    await outage(
      () => postgres.stop({ force: true }),
      async () => {
        postgres = await launch();
      },
    );
  });

  it('whose network drops everything', async () => {
    await outage(
      async () => world.toStore.drop(),
      async () => world.toStore.heal(),
    );
  });

  it('that fails over to another address, while the old one takes what comes and says no more', async () => {
    await outage(
      async () => world.toStore.drop(),
      async () => {
        world.toStore.retarget(socketOf(postgres.url));
        world.toStore.heal();
      },
    );
  });

  it('whose old address says no more is left also by who only listens', async () => {
    const proxy = await tcpProxy(socketOf(postgres.url));
    const url = `postgresql://postgres@127.0.0.1:${proxy.port}${new URL(postgres.url).pathname}`;
    const store = createStore({ url, queryTimeoutMs: 300 });
    const heard: string[] = [];
    store.listen('under_test', (payload) => heard.push(payload));
    const notify = (payload: string) =>
      asAdmin(postgres.url, (admin) => admin.query("select pg_notify('under_test', $1)", [payload]));
    await world.until(() => expect(heard).toEqual(['']));
    proxy.drop();
    await notify('lost');
    proxy.retarget(socketOf(postgres.url));
    proxy.heal();
    // Of what was missed it is told by an empty call.
    await world.until(() => expect(heard).toEqual(['', '']));
    await notify('heard');
    await world.until(() => expect(heard).toEqual(['', '', 'heard']));
    await store.close();
    await proxy.close();
  });

  it('that ends every connection in the middle of the work', async () => {
    const endAll = async () => {
      const ended = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'coffer'";
      const { rowCount } = await asAdmin(postgres.url, (admin) => admin.query(ended));
      expect(rowCount).toBeGreaterThan(1);
    };
    world.cloud.faults.next('servers.create', { as: 'slow', ms: 300 });
    const made = await world.create('in the middle');
    await endAll();
    await world.until(async () => expect(await world.store.ledger.find('server', made)).toBeDefined());
    await endAll();
    await world.shows(made, { status: 'ACTIVE', operating_status: 'HEALTHY' });
    expect((await world.cloud.servers.list()).filter(({ key }) => key === made)).toHaveLength(1);
    expect(await world.health()).toEqual({ store: 'ok', broker: 'ok', cloud: 'ok' });
  });
});
