import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Account, startApi, type TestApi } from '../support/api.ts';
import { paperInstance, registerPaper } from '../support/paper.ts';
import { UNLIMITED } from '../support/quotas.ts';

const METRICS = '/v1.0/{project_id}/instances/{instance_id}/metrics';

let api: TestApi;
let ada: Account;
let id: string;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
  await registerPaper(api);
  id = await paperInstance(api, ada);
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => api.guests.answers.clear());
afterEach(() => expect(api.errors).toEqual([]));

const show = async (account = ada, instance_id = id) =>
  account.client.GET(METRICS, { params: { path: { instance_id } } });

describe('metrics', () => {
  it('are the few figures of every datastore, and the engine’s own', async () => {
    expect((await show()).data).toEqual({
      metrics: {
        uptime_seconds: 60,
        connections: { open: 2, limit: 100 },
        transactions: 7,
        buffer: { requests: 200, hits: 150, hit_ratio: 0.75 },
        volume: { used_bytes: 1000, total_bytes: 4000 },
        engine: { Threads_running: 1 },
      },
    });
    const database = {
      uptimeSeconds: 1,
      connections: { open: 0, limit: 1 },
      buffer: { requests: 0, hits: 0 },
      engine: {},
    };
    api.guests.answers.set('metrics_read', { database, volume: { usedBytes: 0, totalBytes: 0 } });
    const { data } = await show();
    expect(data?.metrics.buffer?.hit_ratio).toBeNull();
    expect(data?.metrics).not.toHaveProperty('transactions');
  });

  it('are believed only in the shape of figures', async () => {
    const database = { uptimeSeconds: 1, connections: { open: 0, limit: 1 }, engine: {} };
    const volume = { usedBytes: 0, totalBytes: 0 };
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`n${index}`, index]));
    for (const answer of [
      {},
      { database },
      { database: { ...database, uptimeSeconds: -1 }, volume },
      { database: { ...database, connections: { open: '1', limit: 1 } }, volume },
      { database: { ...database, buffer: {} }, volume },
      { database: { ...database, engine: { a: 'text' } }, volume },
      { database: { ...database, engine: many }, volume },
    ]) {
      api.guests.answers.set('metrics_read', answer);
      expect((await show()).response.status, JSON.stringify(answer)).toBe(400);
    }
  });

  it('are their owner’s, of a database that runs, where there are some', async () => {
    expect((await show(await api.account())).response.status).toBe(404);
    expect((await show(ada, await paperInstance(api, ada, 'stone'))).response.status).toBe(501);
    await api.store.instances.update(id, { serviceStatus: 'shutdown' });
    expect((await show()).response.status).toBe(422);
  });
});
