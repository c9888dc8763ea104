import { mariadbReader } from './mariadb.ts';
import { mysqlReader } from './mysql.ts';
import { postgresqlReader } from './postgresql.ts';
import type { ParameterReader } from './reader.ts';

/** By the datastore's name. */
export const READERS: Readonly<Record<string, ParameterReader>> = {
  mariadb: mariadbReader,
  mysql: mysqlReader,
  postgresql: postgresqlReader,
};
