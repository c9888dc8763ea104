import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(() => expect(api.errors).toEqual([]));

it('lists and shows flavors with both ids', async () => {
  const { client } = await api.account();
  const { data } = await client.GET('/v1.0/{project_id}/flavors');
  expect(data?.flavors[0]).toMatchObject({
    id: 1,
    str_id: '1',
    name: 'small',
    ram: 1024,
    vcpus: 1,
    disk: 0,
    ephemeral: 0,
  });
  const one = await client.GET('/v1.0/{project_id}/flavors/{flavor_id}', { params: { path: { flavor_id: '1' } } });
  expect(one.data?.flavor).toEqual(data?.flavors[0]);
  const none = await client.GET('/v1.0/{project_id}/flavors/{flavor_id}', {
    params: { path: { flavor_id: "1' or 1=1" } },
  });
  expect(none.error).toMatchObject({ itemNotFound: { code: 404 } });
});

it('answers 503 while the cloud is away', async () => {
  const { client } = await api.account();
  api.cloud.faults.next('flavors.list', { as: 'unavailable' });
  const { error } = await client.GET('/v1.0/{project_id}/flavors');
  const message = expect.stringMatching(/^A part of the service does not answer; try again in a moment.$/);
  expect(error).toMatchObject({ serviceUnavailable: { code: 503, message } });
});
