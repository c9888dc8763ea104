import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Listener, listen } from '../../packages/server/src/http/listen.ts';
import { type Account, startApi, type TestApi } from '../support/api.ts';
import { installOpenstackClient, type OpenstackShell, startOpenstack } from '../support/openstack-client.ts';
import { paperInstance, registerPaper, workOn } from '../support/paper.ts';
import { UNLIMITED } from '../support/quotas.ts';

let api: TestApi;
let ada: Account;
let listener: Listener;
let client: OpenstackShell;
let worker: ReturnType<typeof workOn>;
/** An instance at rest, and the id of the version that it runs. */
let instance: string;
let version: string;

beforeAll(async () => {
  await installOpenstackClient();
  api = await startApi({ quotas: UNLIMITED });
  ada = await api.account();
  await registerPaper(api);
  worker = workOn(api);
  instance = await paperInstance(api, ada);
  version = (await api.store.instances.get(instance))?.datastoreVersionId ?? '';
  listener = await listen({ fetch: api.app.fetch, host: '127.0.0.1', port: 0 });
  const { userName, password, projectName } = ada;
  client = startOpenstack({
    authUrl: `http://127.0.0.1:${listener.port}/identity/v3`,
    userName,
    password,
    projectName,
  });
}, 600_000);
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await listener?.close(0);
  await worker?.[Symbol.asyncDispose]();
  await api?.[Symbol.asyncDispose]();
});
afterEach(() => expect(api.errors).toEqual([]));

/** The client's first command loads half of Python's packages. */
const SLOW = { timeout: 120_000 };

const PAPER = ['--datastore', 'paper', '--datastore-version', '2'];
const configuration = (...words: string[]) => client.run('database', 'configuration', ...words);
const shown = <T>(...words: string[]) => client.json<T>('database', 'configuration', ...words);
const create = async (name: string, values: object): Promise<string> =>
  (await shown<{ id: string }>('create', name, JSON.stringify(values), ...PAPER)).id;
const valuesOf = async (id: string): Promise<unknown> =>
  JSON.parse((await shown<{ values: string }>('show', id)).values);

describe('the openstack client, of configuration groups:', () => {
  it('create and show, by id and by name', SLOW, async () => {
    const values = { max_connections: 200, long_query_time: 0.5, event_scheduler: true, sql_mode: 'ANSI' };
    const words = ['create', 'busy-shop', JSON.stringify(values), '--description', 'before the holidays', ...PAPER];
    const made = await shown<{ id: string; values: string }>(...words);
    expect(made).toMatchObject({
      name: 'busy-shop',
      description: 'before the holidays',
      datastore_name: 'paper',
      datastore_version_name: '2',
      datastore_version_number: '2.0',
      instance_count: 0,
    });
    expect(JSON.parse(made.values)).toEqual(values);
    expect(await shown('show', made.id)).toEqual(made);
    expect(await shown('show', 'busy-shop')).toEqual(made);
  });

  it('create, and why not', SLOW, async () => {
    const said = await configuration('create', 'wrong', '{"max_connections": "many"}', ...PAPER);
    expect(said).toMatch(/max_connections.*HTTP 422/s);
  });

  it('list, a page at a time', SLOW, async () => {
    const id = await create('listed', {});
    const row = {
      ID: id,
      Name: 'listed',
      Description: null,
      'Datastore Name': 'paper',
      'Datastore Version Name': '2',
      'Datastore Version Number': '2.0',
    };
    const all = await shown<{ ID: string }[]>('list');
    expect(all).toContainEqual(row);
    expect(await shown('list', '--limit', '1')).toEqual(all.slice(0, 1));
    expect(await shown('list', '--marker', all[0]?.ID ?? '')).toEqual(all.slice(1));
  });

  it('set, which replaces, and parameter set, which adds', SLOW, async () => {
    const id = await create('changed', { max_connections: 100 });
    expect(await configuration('set', id, '{"back_log": 7}', '--name', 'renamed')).toBe('');
    expect(await shown('show', id)).toMatchObject({ name: 'renamed', values: '{"back_log": 7}' });
    expect(await configuration('parameter', 'set', id, '{"max_connections": 50}')).toBe('');
    expect(await valuesOf(id)).toEqual({ back_log: 7, max_connections: 50 });
  });

  it('parameter list and show, by the name of a version and by its id', SLOW, async () => {
    const connections = { Name: 'max_connections', Type: 'integer', 'Min Size': 1, 'Max Size': 1000 };
    for (const of of [['2', '--datastore', 'paper'], [version]]) {
      const all = await shown('parameter', 'list', ...of);
      expect(all).toContainEqual({ ...connections, 'Restart Required': false });
      expect(all).toContainEqual(expect.objectContaining({ Name: 'sql_mode', 'Min Size': '-', 'Max Size': '-' }));
      const [name = '', ...where] = of;
      expect(await shown('parameter', 'show', name, 'back_log', ...where)).toEqual({
        name: 'back_log',
        datastore_version_id: version,
        type: 'integer',
        min: 1,
        max: 65_535,
        restart_required: true,
      });
    }
  });

  it('default', SLOW, async () => {
    expect(await shown('default', instance)).toEqual({ max_connections: 128 });
  });

  it('attach, instances and detach', SLOW, async () => {
    const id = await create('worn', { max_connections: 60 });
    expect(await configuration('attach', instance, id)).toBe('');
    await worker.idle();
    expect(api.guests.spec(instance)?.settings).toEqual({ max_connections: 60 });
    expect(await shown('instances', id)).toEqual([{ ID: instance, Name: 'orders' }]);
    expect(await client.json('database', 'instance', 'show', instance)).toMatchObject({ configuration: id });
    expect(await configuration('delete', id)).toMatch(/attached to an instance; detach it first.*HTTP 400/s);
    expect(await configuration('detach', instance)).toBe('');
    await worker.idle();
    expect(api.guests.spec(instance)?.settings).toEqual({ max_connections: 128 });
    expect(await shown('instances', id)).toEqual([]);
  });

  it('delete', SLOW, async () => {
    const id = await create('gone', {});
    expect(await configuration('delete', 'gone')).toBe('');
    expect(await configuration('show', id)).toMatch(/No configuration with a name or ID/);
  });
});

describe('the openstack client, of logs:', () => {
  const log = <T>(...words: string[]) => client.json<T>('database', 'log', ...words);

  it('list', SLOW, async () => {
    expect(await log('list', instance)).toEqual([
      {
        Name: 'slow_query',
        Type: 'USER',
        Status: 'Disabled',
        Published: 0,
        Pending: 12,
        Container: 'None',
        Prefix: 'None',
      },
    ]);
  });

  it('set and show', SLOW, async () => {
    expect(await log('set', instance, 'slow_query', '--enable')).toMatchObject({ name: 'slow_query', status: 'Ready' });
    await worker.idle();
    expect(api.guests.spec(instance)?.logs).toEqual(['slow_query']);
    expect(await log('show', instance, 'slow_query')).toMatchObject({ status: 'Ready', pending: 12, published: 0 });
    expect(await log('set', instance, 'slow_query', '--disable')).toMatchObject({ status: 'Disabled' });
    await worker.idle();
    expect(api.guests.spec(instance)).not.toHaveProperty('logs');
  });

  it('set, and why it does not publish', SLOW, async () => {
    const said = await client.run('database', 'log', 'set', instance, 'slow_query', '--publish');
    expect(said).toMatch(/not published to an object store.*HTTP 501/s);
  });
});
