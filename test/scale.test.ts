import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@coffer/core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureCertificates } from '../packages/server/src/brokers/authority.ts';
import { relayAccounts } from '../packages/server/src/brokers/relay-accounts.ts';
import { type TestDatabase, testDatabase } from './support/postgres.ts';
import { type LogLine, recordingLogger } from './support/recording-logger.ts';
import { launchRelay } from './support/relay.ts';
import { type LightGuest, startLightGuest } from './support/scale/guest.ts';
import { type Plane, startPlane } from './support/scale/plane.ts';

/** The story of `bench/scale.ts` in small: what must be true of it at any size. */
const GUESTS = 50;
const CREATES = 20;
const REPORT_INTERVAL_MS = 1_000;

let database: TestDatabase;
let folder: string;
let plane: Plane;
let client: Client;
const enrolling: Promise<LightGuest>[] = [];
const complaints: LogLine[] = [];
const log = recordingLogger((line) => {
  if (line.level !== 'info') complaints.push(line);
});

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'coffer-scale-'));
  const tls = await ensureCertificates(folder, ['127.0.0.1']);
  plane = await startPlane({
    databaseUrl: database.url,
    masterKey: randomBytes(32),
    reportIntervalMs: REPORT_INTERVAL_MS,
    async openBroker(store) {
      const { broker, service, stop } = await launchRelay({ tls, accounts: relayAccounts(store), log });
      return { broker, line: { ...service, ca: tls.ca }, close: stop };
    },
    onGuest: (userData) => void enrolling.push(startLightGuest(userData)),
    log,
  });
  const { projectId, token } = await plane.account('many');
  client = createClient({ baseUrl: plane.url, token, project: projectId });
});
afterAll(async () => {
  for (const guest of await Promise.all(enrolling)) await guest.stop();
  await plane?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const createMany = (count: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const { data, error } = await client.POST('/v1.0/{project_id}/instances', {
        body: { instance: { name: `i${i}`, flavorRef: '1', volume: { size: 1 }, datastore: { type: 'mysql' } } },
      });
      if (!data) throw new Error(JSON.stringify(error));
      return data.instance.id;
    }),
  );

async function listAll(): Promise<{ status: string }[]> {
  const all: { status: string }[] = [];
  let query: { limit: number; marker?: string } = { limit: 20 };
  for (;;) {
    const { data, error } = await client.GET('/v1.0/{project_id}/instances', { params: { query } });
    if (!data) throw new Error(JSON.stringify(error));
    all.push(...data.instances);
    const next = data.links?.find(({ rel }) => rel === 'next')?.href;
    if (next === undefined) return all;
    query = { limit: 20, marker: new URL(next).searchParams.get('marker') ?? '' };
  }
}

const untilActive = (count: number) =>
  vi.waitFor(
    async () => {
      const active = (await listAll()).filter(({ status }) => status === 'ACTIVE');
      expect(active.length).toBe(count);
    },
    { timeout: 60_000, interval: 250 },
  );

it('takes every guest in and every report, and calls none of them silent', { timeout: 90_000 }, async () => {
  const first = await createMany(GUESTS);
  await untilActive(GUESTS);
  const guests = await Promise.all(enrolling);
  expect(guests.map(({ instanceId }) => instanceId).sort()).toEqual([...first].sort());

  // More are made while those report; and each has been heard through more than the three intervals after which it would be silent.
  const before = new Map(guests.map((guest) => [guest, guest.reports]));
  await createMany(CREATES);
  await untilActive(GUESTS + CREATES);
  await vi.waitFor(
    () => expect(guests.filter((guest) => guest.reports - (before.get(guest) ?? 0) < 5)).toEqual([]),
    30_000,
  );
  const all = await Promise.all(enrolling);
  expect(all.length).toBe(GUESTS + CREATES);

  // What each said last is what the store has of it: nothing was lost on the way.
  for (const guest of all) guest.setReporting(false);
  await Promise.all(all.map((guest) => guest.reportTimes(5)));
  const rows = await vi.waitFor(async () => {
    const stored = await plane.store.db
      .selectFrom('guests')
      .innerJoin('instances', 'instances.id', 'guests.instanceId')
      .select(['instances.id', 'instances.serviceStatus', 'instances.volumeUsedBytes'])
      .execute();
    const said = new Map(all.map(({ instanceId, reports }) => [instanceId, 250_000_000 + (reports - 1) * 4096]));
    expect(stored.filter((row) => row.volumeUsedBytes !== said.get(row.id))).toEqual([]);
    return stored;
  });
  expect(rows.length).toBe(GUESTS + CREATES);
  expect(rows.filter(({ serviceStatus }) => serviceStatus !== 'healthy')).toEqual([]);
  expect(complaints).toEqual([]);
});
