import { randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Pool } from 'pg';
import { createOwnCloud } from './cloud.ts';
import { createDatabases } from './databases.ts';
import { bootGuest } from './guest.ts';
import { createOwnIdentity } from './identity.ts';

// The program of a cloud that had all this before: its app, its users, its database.
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', (error) => console.error(error));
const identity = createOwnIdentity(
  [{ token: process.env.TOKEN ?? 'secret', project: 'shop', user: 'ann' }],
  'http://127.0.0.1/login',
);
const cloud = createOwnCloud(bootGuest);

// A key of its own each time is for a first look alone: keep it where you keep secrets, see `readMasterKeyFile`.
const databases = await createDatabases(cloud, identity, pool, 'coffer', randomBytes(32));
const host = new Hono();
host.get('/', (c) => c.text('our cloud'));
host.route('/database', databases.app);

const server = serve({ fetch: host.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  console.log(`listening http://127.0.0.1:${port}`);
});
process.once('SIGTERM', async () => {
  server.close();
  await databases.close();
  await cloud.close();
  await pool.end();
});
