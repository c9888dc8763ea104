import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Listener, listen } from '../../packages/server/src/http/listen.ts';
import { type Account, startApi, type TestApi } from '../support/api.ts';
import { installOpenstackClient, type OpenstackShell, startOpenstack } from '../support/openstack-client.ts';

let api: TestApi;
let ada: Account;
let listener: Listener;

beforeAll(async () => {
  await installOpenstackClient();
  api = await startApi();
  ada = await api.account();
  listener = await listen({ fetch: api.app.fetch, host: '127.0.0.1', port: 0 });
}, 600_000);
afterAll(async () => {
  await listener?.close(0);
  await api?.[Symbol.asyncDispose]();
});
afterEach(() => expect(api.errors).toEqual([]));

const NIC = ['--nic', 'net-id=5f0c2b1a-3f5f-4a39-a7d5-0f7b1f4b2c11'];
/** It loads half of Python's packages first. */
const SLOW = { timeout: 120_000 };

for (const path of ['/identity', '/identity/v3']) {
  describe(`the openstack client that logs in at ${path}`, () => {
    let client: OpenstackShell;
    const versionName = () => api.manifest.versions[0]?.name ?? '';
    const datastore = () => ['--datastore', 'mysql', '--datastore-version', versionName()];

    beforeAll(() => {
      const { userName, password, projectName } = ada;
      client = startOpenstack({ authUrl: `http://127.0.0.1:${listener.port}${path}`, userName, password, projectName });
    });
    afterAll(() => client[Symbol.asyncDispose]());

    it('gets a token for its project, and the catalog', SLOW, async () => {
      expect(await client.json('token', 'issue')).toMatchObject({
        project_id: ada.projectId,
        id: expect.stringMatching(/^[\w-]{43}$/),
      });
      expect(await client.json('catalog', 'list')).toContainEqual(expect.objectContaining({ Type: 'database' }));
    });

    it('sees datastores and flavors', SLOW, async () => {
      expect(await client.json('datastore', 'list')).toEqual([{ ID: expect.any(String), Name: 'mysql' }]);
      expect(await client.json('datastore', 'show', 'mysql')).toMatchObject({ name: 'mysql' });
      expect(await client.json('datastore', 'version', 'list', 'mysql')).toEqual([
        expect.objectContaining({ Name: versionName() }),
      ]);
      expect(await client.json('database', 'flavor', 'list')).toContainEqual(
        expect.objectContaining({ ID: 1, Name: 'small', RAM: 1024 }),
      );
    });

    it('creates, lists, shows, restarts and deletes an instance', SLOW, async () => {
      const name = `orders-${path.length}`;
      const contents = ['--databases', 'shop', '--users', 'app:s3cret-Words'];
      const size = ['--flavor', '1', '--size', '2'];
      const made = await client.json<{ id: string }>(
        'database',
        'instance',
        'create',
        name,
        ...size,
        ...datastore(),
        ...contents,
        ...NIC,
      );
      expect(made).toMatchObject({
        name,
        status: 'BUILD',
        datastore: 'mysql',
        datastore_version: versionName(),
        flavor: '1',
        volume: 2,
      });
      await api.activate(made.id);
      expect(await client.json('database', 'instance', 'list')).toContainEqual(
        expect.objectContaining({
          ID: made.id,
          Name: name,
          Status: 'ACTIVE',
          'Operating Status': 'HEALTHY',
          Datastore: 'mysql',
          Size: 2,
        }),
      );
      const shown = await client.json('database', 'instance', 'show', name);
      expect(shown).toMatchObject({ id: made.id, status: 'ACTIVE', ip: '10.1.0.5', operating_status: 'HEALTHY' });
      expect(await client.run('database', 'instance', 'restart', name)).toBe('');
      expect(await client.json('database', 'instance', 'show', name)).toMatchObject({ status: 'REBOOT' });
      expect(await client.run('database', 'instance', 'restart', name)).toMatch(/cannot be acted on now.*HTTP 422/s);
      expect(await client.run('database', 'instance', 'delete', name)).toMatch(/has been accepted/);
      expect(await client.json('database', 'instance', 'show', made.id)).toMatchObject({ status: 'SHUTDOWN' });
      await api.store.instances.markDeleted(made.id);
      expect(await client.run('database', 'instance', 'show', made.id)).toMatch(/No instance with a name or ID/);
    });

    it('manages databases and users, with dots in their names', SLOW, async () => {
      const { id } = await client.json<{ id: string }>(
        'database',
        'instance',
        'create',
        'more',
        '--flavor',
        '1',
        '--size',
        '1',
        ...datastore(),
        ...NIC,
      );
      await api.activate(id);
      await client.run('database', 'db', 'create', id, 'more.data');
      expect(await client.json('database', 'db', 'list', id)).toEqual([{ Name: 'more.data' }]);
      await client.run('database', 'user', 'create', id, 'joe.d', 's3cret-Words', '--databases', 'more.data');
      expect(await client.json('database', 'user', 'list', id)).toEqual([
        { Name: 'joe.d', Host: '%', Databases: 'more.data' },
      ]);
      const host = ['--host', '10.0.0.%'];
      const attributes = ['--new_name', 'ann.d', '--new_host', '10.0.0.%', '--new_password', 'n3w-Words'];
      await client.run('database', 'user', 'update', 'attributes', id, 'joe.d', ...attributes);
      expect(await client.json('database', 'user', 'show', id, 'ann.d', ...host)).toEqual({
        name: 'ann.d',
        host: '10.0.0.%',
        databases: [{ name: 'more.data' }],
      });
      await client.run('database', 'user', 'grant', 'access', id, 'ann.d', 'audit', 'a_b', ...host);
      await client.run('database', 'user', 'revoke', 'access', id, 'ann.d', 'more.data', ...host);
      expect(await client.json('database', 'user', 'show', 'access', id, 'ann.d', ...host)).toEqual([
        { Name: 'a_b' },
        { Name: 'audit' },
      ]);
      await client.run('database', 'user', 'delete', id, 'ann.d', ...host);
      expect(await client.json('database', 'user', 'list', id)).toEqual([]);
      await client.run('database', 'db', 'delete', id, 'more.data');
      expect(await client.json('database', 'db', 'list', id)).toEqual([]);

      const root = (verb: string, ...more: string[]) => client.json('database', 'root', verb, id, ...more);
      expect(await root('enable')).toEqual({ name: 'root', password: expect.stringMatching(/^[\w-]{36}$/) });
      expect(await root('show')).toEqual({ is_root_enabled: true });
      expect(await root('enable', '--root_password', 's3cret-Words')).toEqual({
        name: 'root',
        password: 's3cret-Words',
      });
      expect(await client.run('database', 'root', 'disable', id)).toBe('');
      expect(await root('show')).toEqual({ is_root_enabled: false });
    });

    it('is told why when it is refused', SLOW, async () => {
      const said = await client.run(
        'database',
        'instance',
        'create',
        'big',
        '--flavor',
        '1',
        '--size',
        '11',
        ...datastore(),
        ...NIC,
      );
      expect(said).toContain('instance.volume.size is 11 GB');
      expect(said).toContain('HTTP 413');
    });
  });
}
