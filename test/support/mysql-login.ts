import type { TenantLogin, TenantSession } from '@coffer/core/testing';
import { createConnection } from 'mysql2/promise';

/** A tenant's session to MySQL or MariaDB, by the usual client. */
export async function mysqlLogin({ tls, ...account }: TenantLogin): Promise<TenantSession> {
  const connection = await createConnection({ ...account, rowsAsArray: true, ...(tls && { ssl: { ca: tls.ca } }) });
  connection.on('error', () => {});
  return {
    query: async (statement) =>
      [await connection.query(statement)].flatMap(([rows]) =>
        Array.isArray(rows) ? rows.map((row) => [row].flat()) : [],
      ),
    end: () => connection.end(),
  };
}
