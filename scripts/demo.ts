// What `npm start` shows: a cloud of one's own, an instance over its API, a row written and read back as a user over TCP.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Instance } from '@coffer/core';
import { createConnection } from 'mysql2/promise';
import { type LocalCloud, LocalCloudError, startLocalCloud } from './local-cloud.ts';
import { step } from './say.mjs';

const isOnce = process.argv.includes('--once');
const dataDir =
  process.env.COFFER_DATA_DIR ??
  join(process.getuid?.() === 0 ? '/var/lib' : join(homedir(), '.local/share'), 'coffer-demo');

/** The body of an answer, or the API's own sentence. */
function expectBody<T>(what: string, { data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  if (data === undefined)
    throw new LocalCloudError(`${what} was answered with ${response.status}: ${JSON.stringify(error)}`);
  return data;
}

async function untilActive(client: Client, id: string, note: (line: string) => void): Promise<Instance> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const { instance } = expectBody(
      'show',
      await client.GET('/v1.0/{project_id}/instances/{instance_id}', { params: { path: { instance_id: id } } }),
    );
    note(`${instance.status} ${instance.operating_status}`);
    if (instance.status === 'ERROR')
      throw new LocalCloudError(`the instance is in ERROR: ${instance.fault?.message ?? 'no fault was given'}`);
    if (instance.status === 'ACTIVE') return instance;
    if (Date.now() > deadline)
      throw new LocalCloudError(
        `the instance is still ${instance.status} after five minutes; the log is ${join(dataDir, 'server.log')}`,
      );
    await sleep(200);
  }
}

async function untilGone(client: Client, id: string): Promise<void> {
  for (;;) {
    const { response } = await client.GET('/v1.0/{project_id}/instances/{instance_id}', {
      params: { path: { instance_id: id } },
    });
    if (response.status === 404) return;
    await sleep(200);
  }
}

async function show(cloud: LocalCloud): Promise<{ client: Client; id: string }> {
  const client = await cloud.client();
  const user = { name: 'ada', password: randomBytes(12).toString('base64url') };
  const created = expectBody(
    'create',
    await client.POST('/v1.0/{project_id}/instances', {
      body: {
        instance: { name: 'first', flavorRef: '1', volume: { size: 1 }, datastore: { type: 'mysql', version: '9.7' } },
      },
    }),
  );
  const { id } = created.instance;
  const instance = await step('instance `first`: MySQL 9.7, created over HTTP until ACTIVE', (note) =>
    untilActive(client, id, note),
  );
  const path = { instance_id: id };
  await step('database `library` and user `ada`', async () => {
    const answers = [
      await client.POST('/v1.0/{project_id}/instances/{instance_id}/databases', {
        params: { path },
        body: { databases: [{ name: 'library' }] },
      }),
      await client.POST('/v1.0/{project_id}/instances/{instance_id}/users', {
        params: { path },
        body: { users: [{ ...user, databases: [{ name: 'library' }] }] },
      }),
    ];
    for (const { response, error } of answers)
      if (response.status !== 202)
        throw new LocalCloudError(`the API answered ${response.status}: ${JSON.stringify(error)}`);
  });
  const address = instance.addresses?.[0]?.address;
  if (address === undefined) throw new LocalCloudError('the instance shows no address');
  await step('a row, written and read back as `ada` over TCP', async () => {
    const connection = await createConnection({
      host: address,
      user: user.name,
      password: user.password,
      database: 'library',
    });
    await connection.query('CREATE TABLE books (title VARCHAR(100))');
    await connection.query('INSERT INTO books VALUES (?)', ['Sketch of the Analytical Engine']);
    const [rows] = await connection.query('SELECT title FROM books');
    await connection.end();
    console.log(`\n  mysql://${user.name}@${address}:3306/library  →  ${JSON.stringify(rows)}\n`);
  });
  if (!isOnce) {
    const { token, projectId } = await cloud.token();
    console.log(
      [
        `The API: ${cloud.url}/v1.0/${projectId}`,
        `A token: ${token}`,
        `The row's owner: ada / ${user.password}`,
        '',
        'To use the openstack client, and three things to try:',
        `  export OS_AUTH_URL=${cloud.url}/identity OS_USERNAME=${cloud.user.name} OS_PASSWORD=${cloud.user.password} OS_PROJECT_NAME=${cloud.project} OS_USER_DOMAIN_ID=default OS_PROJECT_DOMAIN_ID=default OS_IDENTITY_API_VERSION=3`,
        '  openstack database instance list',
        `  openstack database user list ${id}`,
        `  curl -s -H "X-Auth-Token: ${token}" ${cloud.url}/v1.0/${projectId}/instances/${id}`,
        '',
        `Log: ${join(dataDir, 'server.log')}. Ctrl-C ends the server and takes everything away again.`,
      ].join('\n'),
    );
  }
  return { client, id };
}

async function main(): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  if (process.getuid?.() !== 0)
    console.log(
      'Without root: volumes are plain folders, whose size is not enforced, and there are no access rules; `sudo npm start` has both.',
    );
  const isNew = !existsSync(join(dataDir, 'store'));
  const cloud = await step(isNew ? 'a cloud on this machine: store, broker, API' : `the cloud in ${dataDir}`, () =>
    startLocalCloud({
      dataDir,
      port: Number((process.env.COFFER_LISTEN ?? ':8779').split(':').at(-1)),
      brokerPort: Number(process.env.COFFER_BROKER_PORT ?? 5671),
    }),
  );
  try {
    const { client, id } = await show(cloud);
    if (isOnce) {
      await step('instance `first` deleted over HTTP until gone', async () => {
        await client.DELETE('/v1.0/{project_id}/instances/{instance_id}', { params: { path: { instance_id: id } } });
        await untilGone(client, id);
      });
    } else if (!stopping.signal.aborted) {
      await new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
    }
  } finally {
    await step('everything taken away again', () => cloud.clear());
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof LocalCloudError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
