import { testDriver } from '@coffer/core/testing';
import mysql from '@coffer/drivers/mysql';
import { createConnection } from 'mysql2/promise';
import { engineHarness } from '../support/driver-harness.ts';
import { administrator } from './mysql-root.ts';

testDriver({
  factory: mysql,
  harness: engineHarness,
  administrator,
  async login(account) {
    const connection = await createConnection({ ...account, rowsAsArray: true });
    connection.on('error', () => {});
    return {
      query: async (statement) =>
        [await connection.query(statement)].flatMap(([rows]) =>
          Array.isArray(rows) ? rows.map((row) => [row].flat()) : [],
        ),
      end: () => connection.end(),
    };
  },
});
