import { Problem } from '@coffer/core';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Account, startApi, type TestApi } from '../../../../../test/support/api.ts';
import { paperInstance, registerPaper, workOn } from '../../../../../test/support/paper.ts';
import { UNLIMITED } from '../../../../../test/support/quotas.ts';
import { configureJob } from '../../services/job-inputs.ts';

let api: TestApi;
let ada: Account;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
  await registerPaper(api);
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => {
  api.guests.answers.clear();
  api.guests.calls.length = 0;
});

/** An instance at rest with such a job. @returns both ids, and what the guest was asked. */
async function stage(failures: readonly (Problem | undefined)[] = []) {
  const id = await paperInstance(api, ada);
  const { jobId } = await api.store.instances.begin(id, { from: ['none'], to: 'updating' }, configureJob());
  for (const failure of failures) if (failure) api.guests.failNext(failure, 'lost');
  const asked = () => api.guests.calls.map(({ method, operationId }) => `${method} ${operationId}`);
  const run = async () => {
    const worker = workOn(api);
    await worker.idle();
    await worker[Symbol.asyncDispose]();
    return api.store.jobs.get(jobId);
  };
  return { id, jobId, asked, run };
}

describe('the job configure_instance', () => {
  it('asks again under the same ids when answers are lost, and for one key and one certificate', async () => {
    const away = new Problem('unavailable', 'the broker is away');
    const { id, jobId, asked, run } = await stage([away]);
    expect(await run()).toMatchObject({ state: 'done', attempt: 2 });
    const [first, second, third] = asked();
    expect(second).toBe(first);
    expect(first).toMatch(/^tls_request [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(third).toBe(`configure ${jobId}`);
    expect(
      await api.store.db.selectFrom('certificates').select('fingerprint').where('instanceId', '=', id).execute(),
    ).toHaveLength(1);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'none', specRevision: 2 });
  });

  it('sends what the rows say when it runs: place, size, image, and nothing of a later version', async () => {
    const { id, run } = await stage();
    await api.store.instances.update(id, {
      image: { reference: 'paper:as-it-was' },
      tlsMode: 'enforced',
      logs: ['slow_query'],
    });
    expect(await run()).toMatchObject({ state: 'done' });
    const row = await api.store.instances.get(id);
    expect(api.guests.spec(id)).toMatchObject({
      instanceId: id,
      revision: 2,
      datastore: 'paper',
      version: { name: '2', number: '2.0' },
      image: { reference: 'paper:as-it-was' },
      logs: ['slow_query'],
      tls: { isRequired: true },
      memoryMib: row?.ramMib,
      volume: { device: expect.stringMatching(/^\/dev\//), sizeGib: 2 },
      network: { address: row?.addresses[0]?.address },
      serverId: row?.serverNumber,
    });
  });

  it('gives no certificate where the agent does not know of them, and all the rest', async () => {
    api.guests.answers.set('tls_request', new Problem('not_supported', 'this agent knows no method tls_request'));
    const { id, run } = await stage();
    expect(await run()).toMatchObject({ state: 'done' });
    expect(api.guests.spec(id)).toMatchObject({ revision: 2 });
    expect(api.guests.spec(id)).not.toHaveProperty('tls');
  });

  it('believes of outcomes what such can say, and lets stand what they are not about', async () => {
    const { id, run } = await stage();
    await api.store.instances.update(id, { restartRequired: ['a', 'b'], rejected: { c: 'no', d: 'no' } });
    const outcomes = {
      a: { outcome: 'applied' },
      c: { outcome: 'restart_required' },
      d: { outcome: 'rejected', reason: `half \ud800, NUL \0, ${'x'.repeat(600)}` },
      e: { outcome: 'rejected', reason: 7 },
      f: 'nothing',
      'g\0': { outcome: 'restart_required' },
    };
    api.guests.answers.set('configure', { outcomes });
    expect(await run()).toMatchObject({ state: 'done' });
    const row = await api.store.instances.get(id);
    expect(row?.restartRequired).toEqual(['b', 'c', 'g']);
    expect(Object.keys(row?.rejected ?? {})).toEqual(['d']);
    expect(row?.rejected.d).toMatch(/^half \ufffd, NUL , x{400,512}$/);
  });

  it('has nothing to say to what is being deleted', async () => {
    const { id, asked, run } = await stage();
    await api.store.instances.update(id, { task: 'deleting' });
    expect(await run()).toMatchObject({ state: 'done' });
    expect(asked()).toEqual([]);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'deleting', specRevision: 1 });
  });

  it('lets an instance whose making failed say why that was', async () => {
    const { id, asked, run } = await stage();
    const fault = { message: 'no host has room', created: new Date().toISOString(), details: null };
    await api.store.instances.update(id, { task: 'build_error_server', fault });
    expect(await run()).toMatchObject({ state: 'done' });
    expect(asked()).toEqual([]);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'build_error_server', fault, specRevision: 1 });
  });

  it('leaves the instance busy while another such job waits', async () => {
    const { id, jobId } = await stage();
    const { id: next } = await api.store.jobs.enqueue({ ...configureJob(), instanceId: id, projectId: ada.projectId });
    await api.store.jobs.end(jobId, 'done');
    await api.store.instances.settle(id, jobId);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'updating' });
    await api.store.jobs.end(next, 'done');
    await api.store.instances.settle(id, next);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'none' });
  });

  it('leaves the instance busy with a change of its group that comes while it ends', async () => {
    const { id, jobId } = await stage();
    const { data } = await ada.client.POST('/v1.0/{project_id}/configurations', {
      body: { configuration: { name: 'busy', datastore: { type: 'paper' }, values: {} } },
    });
    const configuration_id = data?.configuration.id ?? '';
    await api.store.instances.update(id, { configurationId: configuration_id });
    const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    const { change } = await api.store.transaction(async (tx) => {
      await tx.jobs.end(jobId, 'done');
      await tx.instances.settle(id, jobId);
      const change = ada.client.PATCH('/v1.0/{project_id}/configurations/{configuration_id}', {
        params: { path: { configuration_id } },
        body: { configuration: { values: { back_log: 2 } } },
      });
      await vi.waitFor(async () => expect((await waiting.execute(api.store.db)).rows).toHaveLength(1), 10_000);
      return { change };
    });
    expect((await change).response.status).toBe(200);
    expect(await api.store.instances.get(id)).toMatchObject({ task: 'updating' });
  });
});
