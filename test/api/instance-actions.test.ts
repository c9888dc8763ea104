import { randomUUID } from 'node:crypto';
import type { Body } from '@coffer/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, startApi, type TestApi } from '../support/api.ts';
import { jobStarts } from '../support/jobs-by-api.ts';
import { UNLIMITED } from '../support/quotas.ts';

let api: TestApi;
let ada: Account;

beforeAll(async () => {
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const act = (id: string, body: Body<'actOnInstance'>, { client } = ada) =>
  client.POST('/v1.0/{project_id}/instances/{instance_id}/action', { params: { path: { instance_id: id } }, body });
const messageOf = (error: object | undefined): unknown => Object.values(error ?? {})[0];
const kinds = async (id: string) => (await api.store.jobs.ofInstance(id)).map(({ kind }) => kind);

describe('restarting an instance', () => {
  it('answers 202 with no byte, shows REBOOT, and queues one job', async () => {
    const id = await healthyInstance(api, ada);
    const path = `/v1.0/${ada.projectId}/instances/${id}/action`;
    const response = await api.raw('POST', path, { token: ada.token, body: '{"restart":{}}' });
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe('');
    const { data } = await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}', {
      params: { path: { instance_id: id } },
    });
    expect(data?.instance).toMatchObject({ status: 'REBOOT', operating_status: '' });
    expect(data?.instance.volume).not.toHaveProperty('used');
    expect(await kinds(id)).toEqual(['restart_instance', 'create_instance']);
  });

  it('is done once, however many ask at a time', async () => {
    const id = await healthyInstance(api, ada);
    const answers = await Promise.all([1, 2, 3, 4].map(() => act(id, { restart: {} })));
    expect(answers.map(({ response }) => response.status).sort()).toEqual([202, 422, 422, 422]);
    expect(await kinds(id)).toEqual(['restart_instance', 'create_instance']);
  });

  const gates: [string, Parameters<TestApi['store']['instances']['update']>[1], number][] = [
    ['waits for a restart', { task: 'restart_required' }, 202],
    ['has a database that crashed', { serviceStatus: 'crashed' }, 202],
    ['is silent', { serviceStatus: 'agent_timeout' }, 202],
    ['is being built', { task: 'building', serviceStatus: 'building' }, 422],
    ['could not be built', { task: 'build_error_server' }, 422],
    ['is being deleted', { task: 'deleting' }, 422],
    ['restarts already', { task: 'rebooting' }, 422],
    ['has no server', { serverStatus: 'missing' }, 422],
    ['starts its database by itself', { serviceStatus: 'restarting' }, 422],
  ];
  it.each(gates)('of one that %s: %o gives %d', async (_, changes, status) => {
    const id = await healthyInstance(api, ada);
    await api.store.instances.update(id, changes);
    const { error, response } = await act(id, { restart: {} });
    expect(response.status).toBe(status);
    expect(await kinds(id)).toHaveLength(status === 202 ? 2 : 1);
    if (status === 422)
      expect(messageOf(error)).toEqual({
        code: 422,
        message: expect.stringMatching(/cannot be acted on now \(status: /),
      });
  });

  it('does not hinder a delete', async () => {
    const id = await healthyInstance(api, ada);
    await act(id, { restart: {} });
    const { response } = await ada.client.DELETE('/v1.0/{project_id}/instances/{instance_id}', {
      params: { path: { instance_id: id } },
    });
    expect(response.status).toBe(202);
    expect(await kinds(id)).toEqual(['delete_instance', 'restart_instance', 'create_instance']);
  });
});

describe('an action', () => {
  it('is one known key, and the refusal names them', async () => {
    const id = await healthyInstance(api, ada);
    const refusal = async (body: string): Promise<string> => {
      const path = `/v1.0/${ada.projectId}/instances/${id}/action`;
      const response = await api.raw('POST', path, { token: ada.token, body });
      expect([body, response.status]).toEqual([body, 400]);
      return JSON.parse(await response.text()).badRequest.message;
    };
    for (const body of [
      '{}',
      '{"reboot":{}}',
      '{"restart":{},"promote_to_replica_source":{}}',
      '{"restart":null}',
      '[]',
    ]) {
      const message = await refusal(body);
      for (const known of ['restart', 'resize', 'promote_to_replica_source', 'eject_replica_source', 'reset_status'])
        expect(message, body).toContain(`{"${known}":`);
    }
    expect(await refusal('{"resize":{}}')).toMatch(/^resize must be: \{"volume":.*or \{"flavorRef":/);
    expect(await refusal('{"resize":{"volume":{"size":0}}}')).toMatch(/^resize\.volume\.size must be: .*it is 0/);
    expect(await kinds(id)).toEqual(['create_instance']);
  });

  it('finds only what is the caller’s own', async () => {
    const id = await healthyInstance(api, ada);
    const [eve, root] = [await api.account(), await api.account('admin')];
    expect((await act(id, { restart: {} }, eve)).response.status).toBe(404);
    expect((await act(randomUUID(), { restart: {} })).response.status).toBe(404);
    expect(await kinds(id)).toEqual(['create_instance']);
    expect((await act(id, { restart: {} }, root)).response.status).toBe(202);
  });

  const unbuilt: Body<'actOnInstance'>[] = [
    { resize: { volume: { size: 5 } } },
    { resize: { flavorRef: '2' } },
    { promote_to_replica_source: {} },
    { eject_replica_source: null },
    { reset_status: { force_delete: '' } },
  ];
  it('that is not built says so, once nothing else stands in its way, and changes nothing', async () => {
    const id = await healthyInstance(api, ada);
    for (const body of unbuilt) {
      const { error, response } = await act(id, body);
      expect([body, response.status]).toEqual([body, 501]);
      expect(messageOf(error)).toMatchObject({ message: expect.stringContaining('not built yet') });
    }
    await api.store.instances.update(id, { task: 'rebooting', serverStatus: 'missing' });
    const statuses = await Promise.all(unbuilt.map(async (body) => (await act(id, body)).response.status));
    expect(statuses).toEqual([422, 422, 422, 422, 501]);
    expect(await kinds(id)).toEqual(['create_instance']);
  });

  it('that is for administrators says so', async () => {
    const id = await healthyInstance(api, ada);
    const { error, response } = await act(id, { reset_status: {} });
    expect(response.status).toBe(403);
    expect(messageOf(error)).toMatchObject({ message: expect.stringContaining('force_delete') });
    expect((await act(id, { reset_status: {} }, await api.account('admin'))).response.status).toBe(501);
  });
});

describe('the document’s examples', () => {
  it.each(jobStarts())('start the job $kind', async ({ kind, method, path, body }) => {
    const id = await healthyInstance(api, ada);
    const before = (await api.store.instances.list(ada.projectId, { limit: 100 })).map((row) => row.id);
    const response = await api.raw(method, path.replace('{project_id}', ada.projectId).replace('{instance_id}', id), {
      token: ada.token,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(response.ok, await response.text()).toBe(true);
    const rows = await api.store.instances.list(ada.projectId, { limit: 100 });
    const made = rows.find((row) => !before.includes(row.id));
    expect((await kinds(made?.id ?? id))[0]).toBe(kind);
  });
});
