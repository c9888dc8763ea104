import type { AdministratorTest } from '@coffer/core/testing';

const SERVICE = 'os_admin';

const files = [
  "SELECT pg_read_file('/etc/passwd')",
  "SELECT pg_read_binary_file('/etc/passwd')",
  "SELECT pg_stat_file('/etc/passwd')",
  "SELECT pg_ls_dir('/')",
  'SELECT pg_ls_logdir()',
  "SELECT lo_import('/etc/passwd')",
  "SELECT lo_export(1, '/tmp/coffer-root')",
  "COPY (SELECT 1) TO '/tmp/coffer-root'",
  "COPY (SELECT 1) TO PROGRAM 'id'",
  "LOAD 'plpgsql'",
  'CREATE LANGUAGE c',
  "CREATE TABLESPACE outside LOCATION '/tmp'",
  "CREATE SUBSCRIPTION outside CONNECTION 'host=203.0.113.1' PUBLICATION p",
];

const accounts = [
  `ALTER ROLE ${SERVICE} PASSWORD 'mine'`,
  `ALTER ROLE ${SERVICE} NOLOGIN`,
  `ALTER ROLE ${SERVICE} RENAME TO mine`,
  `DROP ROLE ${SERVICE}`,
  `GRANT ${SERVICE} TO root`,
  `SET ROLE ${SERVICE}`,
  `SET SESSION AUTHORIZATION ${SERVICE}`,
  `CREATE DATABASE mine OWNER ${SERVICE}`,
];

const rights = [
  ...['SUPERUSER', 'REPLICATION', 'BYPASSRLS'].flatMap((right) => [
    `ALTER ROLE root ${right}`,
    `CREATE ROLE mine ${right}`,
  ]),
  ...[
    'pg_execute_server_program',
    'pg_read_server_files',
    'pg_write_server_files',
    'pg_read_all_data',
    'pg_monitor',
  ].map((role) => `GRANT ${role} TO root`),
  'GRANT pg_signal_backend TO root WITH ADMIN OPTION',
  'GRANT SET ON PARAMETER log_statement TO root',
  "SELECT set_config('session_replication_role', 'replica', false)",
  "SELECT set_config('log_statement', 'none', false)",
];

const catalogues = [
  'SELECT rolpassword FROM pg_authid',
  'SELECT * FROM pg_shadow',
  'SELECT * FROM pg_hba_file_rules',
  'SELECT * FROM pg_file_settings',
  'SELECT subconninfo FROM pg_subscription',
  'CREATE TABLE in_the_lobby (i INT)',
  'CREATE SCHEMA in_the_lobby',
  'CREATE TEMPORARY TABLE in_the_lobby (i INT)',
  'ALTER DATABASE postgres OWNER TO root',
  "ALTER DATABASE template1 SET work_mem = '1MB'",
  'DROP DATABASE postgres',
  'DROP DATABASE template1',
  'CREATE DATABASE mine TEMPLATE postgres',
];

const server = [
  "ALTER SYSTEM SET work_mem = '1MB'",
  'SELECT pg_reload_conf()',
  'SELECT pg_rotate_logfile()',
  'CHECKPOINT',
  'SELECT pg_switch_wal()',
  "SELECT pg_create_restore_point('x')",
  "SELECT pg_create_physical_replication_slot('x')",
  "SELECT pg_backup_start('x')",
  'SELECT pg_promote()',
  'SELECT pg_stat_reset()',
  "SELECT pg_stat_reset_shared('wal')",
  'SELECT pg_log_backend_memory_contexts(1)',
  "SELECT pg_import_system_collations('pg_catalog')",
];

/** Since 16 root makes users of its own; before, whoever makes users can make itself the server's own account. */
const withUsers = {
  may: [
    "CREATE ROLE made_by_root LOGIN PASSWORD 'made-by-root'",
    'CREATE ROLE reader NOLOGIN',
    'GRANT reader TO made_by_root',
    'ALTER ROLE made_by_root CONNECTION LIMIT 5',
    'DROP ROLE reader',
  ],
  mayNot: [
    'GRANT root TO made_by_root',
    'GRANT pg_execute_server_program TO made_by_root',
    'CREATE ROLE pg_mine',
    'CREATE ROLE mine IN ROLE root',
  ],
  wayBack: (password: string) => [
    `CREATE ROLE again LOGIN CREATEROLE CREATEDB PASSWORD '${password}'`,
    'GRANT made_by_root TO again WITH ADMIN OPTION',
  ],
  mayStill: ["ALTER ROLE made_by_root PASSWORD 'made-by-root-again'", 'DROP ROLE again', 'DROP ROLE made_by_root'],
};
const withoutUsers = {
  may: [],
  mayNot: ['CREATE ROLE mine', 'ALTER ROLE root CREATEROLE', 'CREATE USER mine'],
  wayBack: () => [],
  mayStill: [],
};

/** What was tried on the rights of PostgreSQL's root when they were chosen, and held. */
export function administrator(major: number): AdministratorTest {
  const users = major >= 16 ? withUsers : withoutUsers;
  return {
    may: [
      'CREATE DATABASE root_db',
      'CREATE DATABASE root_second',
      "ALTER DATABASE root_db SET work_mem = '1MB'",
      'ALTER DATABASE root_second RENAME TO root_other',
      'SELECT pid, query FROM pg_stat_activity',
      ...users.may,
    ],

    async mayNot(root) {
      const sessions = await root.query(
        `SELECT pid FROM pg_stat_activity WHERE usename = '${SERVICE}' AND backend_type = 'client backend'`,
      );
      const [[session] = []] = sessions;
      if (session === undefined) throw new Error('root sees no session of the service that it could try to end');
      const ends = ['pg_terminate_backend', 'pg_cancel_backend'].map((end) => `SELECT ${end}(${Number(session)})`);
      return [...files, ...accounts, ...rights, ...catalogues, ...server, ...users.mayNot, ...ends];
    },

    beyond: 'SELECT rolpassword FROM pg_authid',

    wayBack: (password) => [
      `ALTER ROLE root PASSWORD '${password}'`,
      'ALTER DATABASE root_other IS_TEMPLATE TRUE',
      'ALTER DATABASE root_other ALLOW_CONNECTIONS FALSE',
      ...users.wayBack(password),
    ],

    mayStill: [
      'ALTER DATABASE root_other IS_TEMPLATE FALSE',
      'DROP DATABASE root_other',
      'DROP DATABASE root_db',
      ...users.mayStill,
    ],
  };
}
