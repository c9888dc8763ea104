import type { ManifestParameter } from '@coffer/core/driver';
import { type Connection, createConnection } from 'mysql2/promise';
import type { TrialServer } from './reader.ts';

/** The trial server's administrator. */
export const connectTo = (server: TrialServer): Promise<Connection> =>
  createConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'root',
    password: server.password,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });

export async function rowsOf(connection: Connection, statement: string): Promise<string[][]> {
  const [rows] = await connection.query({ sql: statement, rowsAsArray: true });
  return Array.isArray(rows) ? rows.map((row) => [row].flat().map(String)) : [];
}

/** @returns the number of the server's error, or undefined when it took the value */
export async function trySet(connection: Connection, name: string, value: string): Promise<number | undefined> {
  try {
    await connection.query(`SET GLOBAL \`${name}\` = ${value}`);
    return undefined;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'errno' in error && typeof error.errno === 'number')
      return error.errno;
    throw error;
  }
}

export const currentValue = async (connection: Connection, name: string): Promise<string> =>
  (await rowsOf(connection, `SELECT @@GLOBAL.\`${name}\``))[0]?.[0] ?? '';

/** What the server falls back to when a value is taken away. */
export async function defaultValue(connection: Connection, name: string): Promise<string> {
  await trySet(connection, name, 'DEFAULT');
  return currentValue(connection, name);
}

/** A value as the server writes it, in its type. @returns undefined where it is none */
export function typed(type: ManifestParameter['type'], text: string): string | number | boolean | undefined {
  if (type === 'string') return text === '(No default value)' ? undefined : text;
  if (type === 'boolean') return /^(1|ON|TRUE|YES)$/i.test(text);
  return text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}
