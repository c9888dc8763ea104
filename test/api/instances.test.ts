import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, healthyInstance, newInstance, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const create = (account: Account, extra: Record<string, unknown> = {}) =>
  account.client.POST('/v1.0/{project_id}/instances', { body: { instance: newInstance(extra) } });

describe('creating an instance', () => {
  beforeAll(async () => {
    ada = await api.account();
  });

  it('answers 200 with the instance being built', async () => {
    const { data, response } = await create(ada, { access: { is_public: false } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/);
    const mysql = await api.store.datastores.find('mysql');
    const version = await api.store.datastores.version(mysql?.defaultVersionId ?? '');
    expect(data?.instance).toMatchObject({
      name: 'orders',
      status: 'BUILD',
      operating_status: '',
      flavor: { id: '1' },
      datastore: { type: 'mysql', version: version?.name, version_number: version?.number },
      region: 'RegionOne',
      access: { is_public: false },
      volume: { size: 2 },
    });
    expect(data?.instance.links[0]?.href).toBe(
      `http://db.test:8779/v1.0/${ada.projectId}/instances/${data?.instance.id}`,
    );
    expect(data?.instance).not.toHaveProperty('tenant_id');
    expect(data?.instance).not.toHaveProperty('ip');
  });

  it('queues one job, and lets no password lie in the open', async () => {
    const { data } = await create(ada, {
      databases: [{ name: 'shop', character_set: 'utf8mb4' }],
      users: [{ name: 'app', password: 's3cret-Words', databases: [{ name: 'shop' }] }],
      volume: { size: '3', type: 'fast' },
    });
    const id = data?.instance.id ?? '';
    const [job, ...others] = await api.store.jobs.ofInstance(id);
    expect(others).toEqual([]);
    expect(job).toMatchObject({
      kind: 'create_instance',
      projectId: ada.projectId,
      input: {
        databases: [{ name: 'shop', characterSet: 'utf8mb4' }],
        users: [{ name: 'app', databases: ['shop'], secret: 'users/0/password' }],
        volumeType: 'fast',
      },
    });
    expect(Object.keys(job?.secrets ?? {})).toEqual(['users/0/password']);
    expect(JSON.stringify(job)).not.toContain('s3cret-Words');
    expect((await api.store.instances.get(id))?.volumeSizeGib).toBe(3);
  });

  it('counts against the quota, and makes nothing beyond it', async () => {
    const { client, projectId } = await api.account();
    const four = await Promise.all(
      [1, 2, 3, 4, 5].map(() =>
        client.POST('/v1.0/{project_id}/instances', { body: { instance: newInstance({ volume: { size: 10 } }) } }),
      ),
    );
    expect(four.map(({ response }) => response.status).sort()).toEqual([200, 200, 200, 200, 413]);
    expect(four.find(({ error }) => error)?.error).toMatchObject({
      overLimit: { code: 413, message: expect.stringContaining('volumes') },
    });
    expect(await api.store.quotas.usage(projectId)).toMatchObject({ instances: 4, volumes: 40, ram: 4096 });
    expect(await api.store.instances.list(projectId, { limit: 10 })).toHaveLength(4);
  });

  const refusals: [string, Record<string, unknown>, number, RegExp][] = [
    ['no flavor', { flavorRef: undefined }, 400, /instance\.flavorRef is required/],
    ['an unknown flavor', { flavorRef: 'http://x/flavors/999' }, 400, /instance\.flavorRef/],
    ['no volume', { volume: undefined }, 400, /instance\.volume is required/],
    ['a volume beyond the maximum', { volume: { size: 11 } }, 413, /instance\.volume\.size is 11 GB/],
    ['no datastore without a default', { datastore: undefined }, 400, /instance\.datastore\.type/],
    ['an unknown datastore', { datastore: { type: 'oracle' } }, 404, /oracle/],
    ['an unknown version name', { datastore: { type: 'mysql', version: '1.0' } }, 400, /"1\.0"/],
    ['an unknown version id', { datastore: { type: 'mysql', version: randomUUID() } }, 404, /Version/],
    ['a reserved database', { databases: [{ name: 'mysql' }] }, 400, /instance\.databases\[0\]\.name "mysql"/],
    ['a database twice', { databases: [{ name: 'a' }, { name: 'a' }] }, 400, /instance\.databases\[1\]\.name/],
    ['a reserved user', { users: [{ name: 'root', password: 'abcdefgh1' }] }, 400, /instance\.users\[0\]\.name "root"/],
    [
      'a grant on nothing',
      { users: [{ name: 'u', password: 'abcdefgh1', databases: [{ name: 'x' }] }] },
      400,
      /instance\.users\[0\]\.databases/,
    ],
    ['a nic without a network', { nics: [{}] }, 400, /instance\.nics\[0\]/],
    ['an address without a subnet', { nics: [{ network_id: randomUUID(), ip_address: '10.0.0.1' }] }, 400, /subnet_id/],
    ['an impossible network', { access: { allowed_cidrs: ['999.0.0.0/8'] } }, 400, /allowed_cidrs\[0\]/],
    ['another region', { region_name: 'Mars' }, 400, /region_name "Mars"/],
    ['replicas of nothing', { replica_count: 2 }, 400, /replica_count/],
    [
      'a replica of nobody',
      { replica_of: randomUUID(), flavorRef: undefined, volume: undefined, datastore: undefined },
      404,
      /not found/,
    ],
    ['a replica with a flavor', { replica_of: randomUUID() }, 400, /instance\.flavorRef cannot be given for a replica/],
    ['a backup', { restorePoint: { backupRef: randomUUID() } }, 501, /restorePoint/],
    ['a configuration', { configuration: randomUUID() }, 404, /Configuration group/],
    ['modules', { modules: [{ id: randomUUID() }] }, 501, /modules/],
    ['a public address', { access: { is_public: true } }, 501, /is_public/],
  ];
  for (const [what, extra, status, message] of refusals) {
    it(`refuses ${what} and keeps nothing`, async () => {
      const before = await api.store.quotas.usage(ada.projectId);
      const { error, response } = await create(ada, extra);
      expect(response.status).toBe(status);
      expect(Object.values(error ?? {})[0]).toMatchObject({ code: status, message: expect.stringMatching(message) });
      expect(await api.store.quotas.usage(ada.projectId)).toEqual(before);
    });
  }

  it('says 501 for a replica only when the source is there', async () => {
    const { data } = await create(ada);
    const { response } = await ada.client.POST('/v1.0/{project_id}/instances', {
      body: { instance: { name: 'copy', replica_of: data?.instance.id ?? '' } },
    });
    expect(response.status).toBe(501);
  });
});

describe('reading instances', () => {
  it('pages by id without a link on the last page', async () => {
    const { client, projectId } = await api.account();
    await api.store.quotas.setLimit(projectId, 'instances', -1);
    await api.store.quotas.setLimit(projectId, 'volumes', -1);
    const made: string[] = [];
    for (let count = 0; count < 23; count += 1) {
      const { data } = await client.POST('/v1.0/{project_id}/instances', { body: { instance: newInstance() } });
      made.push(data?.instance.id ?? '');
    }
    const first = await client.GET('/v1.0/{project_id}/instances', { params: { query: { limit: 50 } } });
    expect(first.data?.instances).toHaveLength(20);
    const link = first.data?.links?.[0]?.href ?? '';
    expect(link).toMatch(/^http:\/\/db\.test:8779\/v1\.0\/[0-9a-f]+\/instances\?limit=50&marker=/);
    expect(first.data?.instances_links?.[0]?.href).toBe(link);
    const marker = new URL(link).searchParams.get('marker') ?? '';
    const second = await client.GET('/v1.0/{project_id}/instances/detail', { params: { query: { marker } } });
    expect(second.data?.instances).toHaveLength(3);
    expect(second.data).not.toHaveProperty('links');
    expect(second.data).not.toHaveProperty('instances_links');
    const seen = [...(first.data?.instances ?? []), ...(second.data?.instances ?? [])].map(({ id }) => id);
    expect(seen.toSorted()).toEqual(made.toSorted());
    expect([...(first.data?.instances ?? [])].map(({ id }) => id)).toContain(marker);
    const bad = await client.GET('/v1.0/{project_id}/instances', { params: { query: { marker: 'x' } } });
    expect(bad.response.status).toBe(400);
    const none = await client.GET('/v1.0/{project_id}/instances', { params: { query: { limit: 0 } } });
    expect(none.error).toMatchObject({ badRequest: { message: expect.stringContaining('limit') } });
  });

  it('shows addresses, usage and fault once there are some', async () => {
    ada = await api.account();
    const id = await healthyInstance(api, ada);
    await api.store.instances.update(id, {
      volumeUsedBytes: 512 * 1024 ** 2,
      volumeTotalBytes: 2 * 1024 ** 3,
      fault: { message: 'The volume is full.', created: '2026-08-01T10:00:00.123Z', details: 'df: 100%' },
    });
    const { data } = await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}', {
      params: { path: { instance_id: id } },
    });
    expect(data?.instance).toMatchObject({
      status: 'ACTIVE',
      operating_status: 'HEALTHY',
      ip: ['10.1.0.5'],
      addresses: [{ address: '10.1.0.5', type: 'private' }],
      access: { is_public: false },
      volume: { size: 2, used: 0.5, used_percent: 25 },
      fault: { message: 'The volume is full.', created: '2026-08-01T10:00:00', details: null },
    });
  });

  it('hides those of other projects, except from administrators by id', async () => {
    const id = await healthyInstance(api, ada);
    const [eve, root] = [await api.account(), await api.account('admin')];
    const path = { instance_id: id };
    const hidden = await eve.client.GET('/v1.0/{project_id}/instances/{instance_id}', { params: { path } });
    const unknown = await eve.client.GET('/v1.0/{project_id}/instances/{instance_id}', {
      params: { path: { instance_id: randomUUID() } },
    });
    expect([hidden.response.status, unknown.response.status]).toEqual([404, 404]);
    expect(JSON.stringify(hidden.error).replace(id, '')).toBe(
      JSON.stringify(unknown.error).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, ''),
    );
    expect(
      (await eve.client.DELETE('/v1.0/{project_id}/instances/{instance_id}', { params: { path } })).response.status,
    ).toBe(404);
    expect((await eve.client.GET('/v1.0/{project_id}/instances')).data?.instances).toEqual([]);
    const seen = await root.client.GET('/v1.0/{project_id}/instances/{instance_id}', { params: { path } });
    expect(seen.data?.instance).toMatchObject({
      tenant_id: ada.projectId,
      server_id: null,
      volume_id: null,
      encrypted_rpc_messaging: true,
    });
  });
});

describe('deleting an instance', () => {
  beforeAll(async () => {
    ada = await api.account();
  });
  const remove = (id: string) =>
    ada.client.DELETE('/v1.0/{project_id}/instances/{instance_id}', { params: { path: { instance_id: id } } });

  it('is refused while it is built', async () => {
    const { data } = await create(ada);
    const { error, response } = await remove(data?.instance.id ?? '');
    expect(response.status).toBe(422);
    expect(error).toMatchObject({ unprocessableEntity: { message: expect.stringContaining('BUILD') } });
  });

  it('answers 202 with no byte, shows SHUTDOWN, gives quota back once, and may be repeated', async () => {
    const id = await healthyInstance(api, ada);
    const before = await api.store.quotas.usage(ada.projectId);
    for (let time = 0; time < 3; time += 1) {
      const response = await api.raw('DELETE', `/v1.0/${ada.projectId}/instances/${id}`, { token: ada.token });
      expect(response.status).toBe(202);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.text()).toBe('');
    }
    const { data } = await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}', {
      params: { path: { instance_id: id } },
    });
    expect(data?.instance).toMatchObject({ status: 'SHUTDOWN', operating_status: '' });
    const after = await api.store.quotas.usage(ada.projectId);
    expect(after).toEqual({
      instances: (before.instances ?? 0) - 1,
      ram: (before.ram ?? 0) - 1024,
      volumes: (before.volumes ?? 0) - 2,
    });
    expect((await api.store.jobs.ofInstance(id)).map(({ kind }) => kind)).toEqual([
      'delete_instance',
      'create_instance',
    ]);
  });

  it('is possible when the build failed', async () => {
    const { data } = await create(ada);
    const id = data?.instance.id ?? '';
    await api.store.instances.update(id, { task: 'build_error_server', serverStatus: 'ERROR' });
    expect((await remove(id)).response.status).toBe(202);
  });

  it('ends in 404', async () => {
    const id = await healthyInstance(api, ada);
    await remove(id);
    await api.store.instances.markDeleted(id);
    expect((await remove(id)).response.status).toBe(404);
    expect(
      (await ada.client.GET('/v1.0/{project_id}/instances/{instance_id}', { params: { path: { instance_id: id } } }))
        .response.status,
    ).toBe(404);
  });
});
