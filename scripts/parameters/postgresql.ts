import type { ManifestParameter } from '@coffer/core/driver';
import { Client } from 'pg';
import type { ParameterReader, TrialServer } from './reader.ts';

const TYPES: Readonly<Record<string, ManifestParameter['type']>> = {
  bool: 'boolean',
  integer: 'integer',
  real: 'float',
  enum: 'string',
  string: 'string',
};

/** Values of parameters that are any text to the server until it looks them up. */
const LISTS: Readonly<Record<string, string>> = {
  TimeZone: `SELECT name FROM pg_timezone_names WHERE name !~ '^(posix|right)/|^(Factory|localtime|posixrules)$' ORDER BY name COLLATE "C"`,
  default_text_search_config: `SELECT 'pg_catalog.' || cfgname FROM pg_ts_config ORDER BY cfgname COLLATE "C"`,
  DateStyle: `SELECT style || ', ' || field_order FROM unnest(array['ISO', 'Postgres', 'SQL', 'German']) style,
    unnest(array['MDY', 'DMY', 'YMD']) field_order`,
};

async function texts(client: Client, query: string): Promise<string[]> {
  const { rows } = await client.query<[string]>({ text: query, rowMode: 'array' });
  return rows.map(([value]) => value);
}

function typed(type: ManifestParameter['type'], value: string): string | number | boolean {
  if (type === 'boolean') return value === 'on';
  return type === 'string' ? value : Number(value);
}

async function read(server: TrialServer): Promise<ManifestParameter[]> {
  const client = new Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: 'postgres',
  });
  await client.connect();
  try {
    // Those of a backend hold for sessions to come, and which value they have then no session that is there can tell.
    const { rows } = await client.query(
      `SELECT name, vartype, unit, context, min_val, max_val, enumvals, boot_val, short_desc FROM pg_settings
       WHERE context NOT IN ('internal', 'backend', 'superuser-backend') ORDER BY name`,
    );
    const found: ManifestParameter[] = [];
    for (const row of rows) {
      const type = TYPES[row.vartype] ?? 'string';
      const isNumber = type === 'integer' || type === 'float';
      const list = LISTS[row.name];
      const values = list === undefined ? row.enumvals : await texts(client, list);
      found.push({
        name: row.name,
        type,
        ...(isNumber && { min: Number(row.min_val), max: Number(row.max_val) }),
        ...(values && { enum: values }),
        ...(row.unit !== null && { unit: row.unit }),
        ...(row.boot_val !== null && { default: typed(type, row.boot_val) }),
        restartRequired: row.context === 'postmaster',
        description: row.short_desc,
      });
    }
    return found;
  } finally {
    await client.end();
  }
}

/** PostgreSQL tells all of it in `pg_settings`. */
export const postgresqlReader: ParameterReader = {
  port: 5432,
  env: (password) => ({ POSTGRES_PASSWORD: password }),
  args: ['postgres'],
  read,
};
