import type { AdministratorTest } from '@coffer/core/testing';

const SERVICE = 'os_admin@localhost';

const files = [
  "SELECT LOAD_FILE('/etc/passwd')",
  "SELECT 1 INTO OUTFILE '/tmp/coffer-root'",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE root_db.t",
  "CREATE TABLE root_db.outside (i INT) DATA DIRECTORY = '/tmp'",
  "CREATE FUNCTION shell RETURNS INTEGER SONAME 'shell.so'",
  "INSTALL PLUGIN shell SONAME 'shell.so'",
];

const accounts = [
  `ALTER USER ${SERVICE} IDENTIFIED BY 'mine'`,
  `DROP USER ${SERVICE}`,
  `RENAME USER ${SERVICE} TO mine@'%'`,
  `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${SERVICE}`,
  `GRANT ${SERVICE} TO root@'%'`,
  'ALTER USER root@localhost ACCOUNT UNLOCK',
  "ALTER USER 'coffer.root'@localhost ACCOUNT UNLOCK",
  "DROP USER 'coffer.root'@localhost",
  "GRANT 'coffer.root'@localhost TO root@'%'",
  `CREATE DEFINER = ${SERVICE} PROCEDURE root_db.as_service() SELECT 1`,
];

const rights = [
  ...['SUPER', 'FILE', 'SHUTDOWN', 'RELOAD', 'SYSTEM_USER', 'CONNECTION_ADMIN', 'SET_ANY_DEFINER'].map(
    (privilege) => `GRANT ${privilege} ON *.* TO root@'%'`,
  ),
  "GRANT ALL PRIVILEGES ON *.* TO root@'%'",
  "GRANT SELECT ON mysql.* TO root@'%'",
  "GRANT SELECT ON mysql.user TO made_by_root@'%'",
];

const tables = [
  'SELECT authentication_string FROM mysql.user',
  "UPDATE mysql.user SET account_locked = 'N' WHERE User = 'root'",
  "INSERT INTO mysql.db (Host, Db, User) VALUES ('%', 'root_db', 'made_by_root')",
  'CREATE TABLE mysql.mine (i INT)',
  'DROP DATABASE mysql',
  'DROP DATABASE sys',
  `SHOW CREATE USER ${SERVICE}`,
];

const server = [
  'SHUTDOWN',
  'RESTART',
  'SET GLOBAL max_connections = 10',
  'SET PERSIST max_connections = 10',
  'SET GLOBAL partial_revokes = OFF',
  'SET SESSION sql_log_bin = 0',
  'RESET BINARY LOGS AND GTIDS',
  'FLUSH TABLES WITH READ LOCK',
  'FLUSH PRIVILEGES',
  'ALTER INSTANCE RELOAD TLS',
  'ALTER INSTANCE DISABLE INNODB REDO_LOG',
  'LOCK INSTANCE FOR BACKUP',
  "CLONE LOCAL DATA DIRECTORY = '/tmp/coffer-clone'",
  'STOP REPLICA',
  "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '203.0.113.1'",
];

/** What was tried on the grants of MySQL's root when they were chosen, and held. */
export const administrator: AdministratorTest = {
  may: [
    'CREATE DATABASE root_db',
    'CREATE TABLE root_db.t (line TEXT)',
    "CREATE USER made_by_root@'%' IDENTIFIED BY 'made-by-root'",
    "GRANT ALL PRIVILEGES ON root_db.* TO made_by_root@'%' WITH GRANT OPTION",
    "GRANT SELECT ON *.* TO made_by_root@'%'",
    'CREATE ROLE reader',
    "GRANT reader TO made_by_root@'%'",
    'CREATE PROCEDURE root_db.p() SELECT 1',
    'CALL root_db.p()',
    'SELECT USER FROM information_schema.PROCESSLIST',
    'XA RECOVER',
    "ALTER USER made_by_root@'%' ACCOUNT LOCK",
    'DROP ROLE reader',
  ],

  async mayNot(root) {
    const [[session] = []] = await root.query("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'os_admin'");
    if (session === undefined) throw new Error('root sees no session of the service that it could try to end');
    return [...files, ...accounts, ...rights, ...tables, ...server, `KILL ${Number(session)}`];
  },

  beyond: 'SELECT authentication_string FROM mysql.user',

  wayBack: (password) => [
    `CREATE USER root@'172.16.0.0/255.240.0.0' IDENTIFIED BY '${password}'`,
    "CREATE EVENT root_db.back ON SCHEDULE EVERY 1 SECOND DO ALTER USER root@'%' ACCOUNT UNLOCK",
    'CREATE DATABASE frozen',
    "CREATE EVENT frozen.back ON SCHEDULE EVERY 1 SECOND DO ALTER USER root@'%' ACCOUNT UNLOCK",
    'ALTER DATABASE frozen READ ONLY = 1',
    "CREATE EVENT root_db.again ON SCHEDULE EVERY 1 SECOND DO ALTER USER root@'172.16.0.0/255.240.0.0' ACCOUNT UNLOCK",
  ],

  mayStill: [
    'CALL root_db.p()',
    'ALTER DATABASE frozen READ ONLY = 0',
    'DROP DATABASE frozen',
    'DROP DATABASE root_db',
    "DROP USER made_by_root@'%'",
  ],
};
