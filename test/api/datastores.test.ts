import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Account;
let root: Account;

beforeAll(async () => {
  api = await startApi();
  [ada, root] = [await api.account(), await api.account('admin')];
  const versions = ['1.0', '1.1'].map((number) => ({
    name: number === '1.0' ? 'old' : 'new',
    number,
    image: `paper:${number}`,
    active: number === '1.1',
    parameters: [],
  }));
  const twins = ['2.0', '2.1'].map((number) => ({
    name: 'twin',
    number,
    image: `paper:${number}`,
    active: true,
    parameters: [],
  }));
  await api.store.datastores.register({
    sha256: '11'.repeat(32),
    manifest: { ...api.manifest, datastore: 'paper', versions: [...versions, ...twins] },
    code: Buffer.from(''),
  });
  const retired = await api.store.datastores.register({
    sha256: '22'.repeat(32),
    manifest: { ...api.manifest, datastore: 'retired', versions: versions.slice(1) },
    code: Buffer.from(''),
  });
  await api.store.datastores.setActive(retired.defaultVersionId ?? '', false);
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

const versionPath = '/v1.0/{project_id}/datastores/{datastore}/versions/{version}';

describe('datastores', () => {
  it('are listed with what the caller may use', async () => {
    const { data } = await ada.client.GET('/v1.0/{project_id}/datastores');
    expect(data?.datastores.map(({ name }) => name)).toEqual(['mysql', 'paper']);
    expect(data?.datastores[1]?.versions.map(({ version }) => version)).toEqual(['1.1', '2.0', '2.1']);
    expect(data?.datastores[0]?.versions[0]).not.toHaveProperty('active');
    const all = await root.client.GET('/v1.0/{project_id}/datastores');
    expect(all.data?.datastores.map(({ name }) => name)).toEqual(['mysql', 'paper', 'retired']);
    expect(all.data?.datastores[1]?.versions.find(({ name }) => name === 'old')).toMatchObject({
      active: false,
      image_tags: [],
      packages: null,
    });
  });

  it('never name a default that is not shown', async () => {
    const { data } = await ada.client.GET('/v1.0/{project_id}/datastores/{datastore}', {
      params: { path: { datastore: 'mysql' } },
    });
    expect(data?.datastore.versions.map(({ id }) => id)).toContain(data?.datastore.default_version);
    const paper = await api.store.datastores.find('paper');
    const [old] = await api.store.datastores.findVersions(paper?.id ?? '', 'old');
    await api.store.datastores.setDefaultVersion(paper?.id ?? '', old?.id ?? '');
    const shown = await ada.client.GET('/v1.0/{project_id}/datastores/{datastore}', {
      params: { path: { datastore: paper?.id ?? '' } },
    });
    expect(shown.data?.datastore).not.toHaveProperty('default_version');
    const unknown = await ada.client.GET('/v1.0/{project_id}/datastores/{datastore}', {
      params: { path: { datastore: 'oracle' } },
    });
    expect(unknown.response.status).toBe(404);
  });

  it('show versions by name, number and id', async () => {
    const { data } = await ada.client.GET('/v1.0/{project_id}/datastores/{datastore}/versions', {
      params: { path: { datastore: 'paper' } },
    });
    const version = data?.versions.find(({ name }) => name === 'new');
    for (const asked of ['new', '1.1', version?.id ?? '']) {
      const found = await ada.client.GET(versionPath, { params: { path: { datastore: 'paper', version: asked } } });
      expect(found.data?.version).toEqual(version);
    }
    const byId = await ada.client.GET('/v1.0/{project_id}/datastores/versions/{version_id}', {
      params: { path: { version_id: version?.id ?? '' } },
    });
    expect(byId.data?.version).toEqual(version);
  });

  it('answer for a version that is not there as clients expect', async () => {
    const status = async (datastore: string, version: string) =>
      (await ada.client.GET(versionPath, { params: { path: { datastore, version } } })).response.status;
    expect(await status('oracle', 'new')).toBe(404);
    expect(await status('paper', randomUUID())).toBe(404);
    expect(await status('paper', 'none')).toBe(400);
    expect(await status('paper', 'twin')).toBe(400);
    const byId = await ada.client.GET('/v1.0/{project_id}/datastores/versions/{version_id}', {
      params: { path: { version_id: randomUUID() } },
    });
    expect(byId.response.status).toBe(400);
  });

  it('refuse an inactive or ambiguous version for a new instance', async () => {
    const create = (datastore: Record<string, string>) =>
      ada.client.POST('/v1.0/{project_id}/instances', {
        body: { instance: { name: 'a', flavorRef: '1', volume: { size: 1 }, datastore } },
      });
    expect((await create({ type: 'paper', version: 'old' })).error).toMatchObject({
      badRequest: { message: expect.stringContaining('not active') },
    });
    expect((await create({ type: 'paper', version: 'twin' })).error).toMatchObject({
      badRequest: { message: expect.stringContaining('ambiguous') },
    });
    expect(
      (await create({ type: 'paper', version: 'twin', version_number: '2.1' })).data?.instance.datastore,
    ).toMatchObject({ version_number: '2.1' });
  });
});
