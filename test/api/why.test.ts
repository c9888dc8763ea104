import { randomUUID } from 'node:crypto';
import { Problem } from '@coffer/core';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { defineJob, type JobKind } from '../../packages/server/src/worker/job-kind.ts';
import { createWorker, type Worker } from '../../packages/server/src/worker/worker.ts';
import { type Account, healthyInstance, newInstance, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;
let admin: Account;

beforeAll(async () => {
  api = await startApi();
  [ada, admin] = await Promise.all([api.account(), api.account('admin')]);
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const ask = (account: Account, id: string) =>
  account.client.GET('/v1.0/{project_id}/instances/{instance_id}/why', { params: { path: { instance_id: id } } });

async function why(account: Account, id: string) {
  const { data, error } = await ask(account, id);
  expect(error).toBeUndefined();
  if (!data) throw new Error('no explanation');
  return data.why;
}

async function create(): Promise<string> {
  const { data } = await ada.client.POST('/v1.0/{project_id}/instances', { body: { instance: newInstance() } });
  return data?.instance.id ?? '';
}

/** A worker that knows one kind of job, for a while. */
async function withWorker(kind: JobKind, work: () => Promise<void>): Promise<void> {
  const worker: Worker = createWorker({ store: api.store, kinds: [kind], retry: { firstMs: 30_000, maxMs: 60_000 } });
  worker.start();
  try {
    await work();
  } finally {
    await worker.stop({ graceMs: 0 });
  }
}
const createJob = (run: JobKind['run']) =>
  defineJob({ kind: 'create_instance', deadlineMs: 600_000, maxAttempts: 9, run });

it('follows a create: no worker, a step, a failure that is tried again', async () => {
  const id = await create();
  expect(await why(ada, id)).toMatchObject({
    instance_id: id,
    status: 'BUILD',
    last_report: null,
    job: { kind: 'create_instance', state: 'queued', step: null, attempt: 0, gives_up: null, error: null },
    reasons: [{ code: 'waits_for_worker' }],
  });

  const stage = Promise.withResolvers<never>();
  const job = createJob((ctx) => ctx.step('paint it', () => stage.promise));
  await withWorker(job, async () => {
    await vi.waitFor(async () => {
      const { job: shown, reasons } = await why(ada, id);
      expect(shown).toMatchObject({ state: 'running', step: 'paint it', attempt: 1, max_attempts: 9, next_try: null });
      expect(reasons[0]).toMatchObject({ code: 'step_running', since: shown?.step_since, help: null });
    });
    stage.reject(new Problem('cloud_unavailable', 'connect ECONNREFUSED 10.0.0.7:8774'));
    await vi.waitFor(async () => expect((await why(ada, id)).job?.state).toBe('queued'));
  });

  const seen = await why(ada, id);
  expect(seen.job).toMatchObject({
    step: 'paint it',
    error: { code: 'cloud_unavailable', title: 'The cloud does not answer' },
  });
  expect(seen.reasons).toMatchObject([
    { code: 'waits_for_retry', message: expect.stringContaining(`again at ${seen.job?.next_try}Z`) },
  ]);
  expect(JSON.stringify(seen)).not.toMatch(/ECONNREFUSED|"(details|mend|guest|cloud|id)"/);

  const [row] = await api.store.jobs.ofInstance(id);
  const all = await why(admin, id);
  expect(all.job).toMatchObject({ id: row?.id, error: { detail: 'connect ECONNREFUSED 10.0.0.7:8774' } });
  expect(all.reasons[0]?.details).toContain('ECONNREFUSED 10.0.0.7');
  expect(all.reasons[0]?.mend).toContain('coffer doctor');
});

it('tells administrators the ids in the cloud, and what is known of the guest', async () => {
  const id = await healthyInstance(api, ada);
  const { jobs } = api.store;
  for (const job of await jobs.ofInstance(id)) await jobs.end(job.id, 'done');
  const resource = await api.store.ledger.intend({ kind: 'server', key: id, instanceId: id });
  await api.store.ledger.present(resource.id, 'srv-7');
  await api.store.instances.update(id, { clockSkewMs: -3600_000 });

  const all = await why(admin, id);
  expect(all).toMatchObject({
    status: 'ACTIVE',
    operating_status: 'HEALTHY',
    job: null,
    cloud: { server: 'srv-7' },
    guest: { clock_skew_ms: -3600_000 },
    reasons: [{ code: 'guest_clock_off', mend: expect.stringContaining('timedatectl') }],
  });
  await api.store.instances.update(id, { clockSkewMs: 0 });
  expect((await why(ada, id)).reasons).toMatchObject([{ code: 'nothing_wrong' }]);
});

it('answers 404 for what is not the caller’s', async () => {
  const id = await create();
  const stranger = await api.account();
  for (const [account, wanted] of [
    [stranger, id],
    [ada, randomUUID()],
    [ada, 'orders'],
  ] as const)
    expect((await ask(account, wanted)).response.status).toBe(404);
});
