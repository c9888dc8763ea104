import type { TenantLogin, TenantSession } from '@coffer/core/testing';
import { Client } from 'pg';

/** A tenant's session to PostgreSQL, by the usual client; in the database that everybody may enter where none is named. */
export async function postgresqlLogin({ tls, database = 'postgres', ...account }: TenantLogin): Promise<TenantSession> {
  const client = new Client({ ...account, database, ssl: tls ? { ca: tls.ca } : false });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    // A login that the client itself gave up would stay open. Where the server has ended it already, no end comes of this.
    void client.end();
    throw error;
  }
  return {
    query: async (statement) => {
      const result = await client.query<unknown[]>({ text: statement, rowMode: 'array' });
      return result.rows;
    },
    end: () => client.end(),
  };
}
