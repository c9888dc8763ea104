import type { AdministratorTest } from '@coffer/core/testing';

const SERVICE = 'os_admin@localhost';

const files = [
  "SELECT LOAD_FILE('/etc/passwd')",
  "SELECT 1 INTO OUTFILE '/tmp/coffer-root'",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE root_db.t",
  "CREATE FUNCTION shell RETURNS INTEGER SONAME 'shell.so'",
  "INSTALL SONAME 'ha_connect'",
  "UNINSTALL SONAME 'auth_socket'",
  "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
  "SET SESSION innodb_tmpdir = '/tmp'",
];

const accounts = [
  `ALTER USER ${SERVICE} IDENTIFIED BY 'mine'`,
  `SET PASSWORD FOR ${SERVICE} = PASSWORD('mine')`,
  `DROP USER ${SERVICE}`,
  `RENAME USER ${SERVICE} TO mine@'%'`,
  `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${SERVICE}`,
  `GRANT ${SERVICE} TO root@'%'`,
  `GRANT PROXY ON ${SERVICE} TO root@'%'`,
  'SET ROLE os_admin',
  'ALTER USER root@localhost ACCOUNT UNLOCK',
  "CREATE USER made_by_root@'%' IDENTIFIED BY 'mine'",
  "CREATE USER os_admin@'%' IDENTIFIED BY 'mine'",
  'CREATE ROLE reader',
  `CREATE DEFINER = ${SERVICE} PROCEDURE root_db.as_service() SELECT 1`,
  `CREATE DEFINER = ${SERVICE} SQL SECURITY DEFINER VIEW root_db.as_service AS SELECT 1`,
  `CREATE DEFINER = ${SERVICE} EVENT root_db.as_service ON SCHEDULE EVERY 1 SECOND DO SET @a = 1`,
  'CREATE DEFINER = root@localhost PROCEDURE root_db.as_image() SELECT 1',
  "CREATE DEFINER = 'mariadb.sys'@localhost FUNCTION root_db.as_system() RETURNS INT RETURN 1",
];

/** Whoever may grant on a pattern that `mysql` fits has the server: the next restart would find the rights that he wrote there. */
const rights = [
  ...['SUPER', 'FILE', 'SHUTDOWN', 'RELOAD', 'CREATE USER', 'CONNECTION ADMIN', 'SET USER', 'BINLOG ADMIN'].map(
    (privilege) => `GRANT ${privilege} ON *.* TO root@'%'`,
  ),
  ...['*.*', '`%`.*', '`m%`.*', '`mysq_`.*', 'mysql.*', 'mysql.global_priv', '`root_d%`.*', '`root_db`.*'].flatMap(
    (place) => [`GRANT ALL PRIVILEGES ON ${place} TO root@'%'`, `GRANT SELECT ON ${place} TO root@localhost`],
  ),
  "REVOKE SHOW VIEW ON mysql.* FROM root@'%'",
  "REVOKE SHOW VIEW ON sys.* FROM root@'%'",
  "GRANT SELECT ON root_db.* TO made_by_root@'%' IDENTIFIED BY 'mine'",
  `GRANT SELECT ON root_db.* TO ${SERVICE} IDENTIFIED BY 'mine'`,
  `GRANT USAGE ON *.* TO ${SERVICE} WITH MAX_USER_CONNECTIONS 1`,
];

const tables = [
  'SELECT Priv FROM mysql.global_priv',
  'SELECT authentication_string FROM mysql.user',
  "UPDATE mysql.global_priv SET Priv = '{}'",
  "INSERT INTO mysql.db (Host, Db, User) VALUES ('%', 'mysql', 'root')",
  "INSERT INTO mysql.plugin VALUES ('x', 'x.so')",
  "INSERT INTO mysql.proc (db) VALUES ('root_db')",
  'CREATE TABLE mysql.mine (i INT)',
  'CREATE TEMPORARY TABLE mysql.mine (i INT)',
  'RENAME TABLE root_db.t TO mysql.t',
  'RENAME TABLE mysql.global_priv TO root_db.stolen',
  'CREATE TABLE root_db.copy LIKE mysql.global_priv',
  'CREATE TABLE root_db.copy SELECT * FROM mysql.global_priv',
  'CREATE TABLE root_db.merged (i INT) ENGINE = MERGE UNION = (mysql.plugin) INSERT_METHOD = LAST',
  'CREATE VIEW root_db.users AS SELECT * FROM mysql.global_priv',
  'CREATE TRIGGER mysql.t BEFORE INSERT ON mysql.plugin FOR EACH ROW SET @a = 1',
  'HANDLER mysql.global_priv OPEN',
  'LOCK TABLES mysql.global_priv WRITE',
  'REPAIR TABLE mysql.global_priv',
  'ALTER DATABASE mysql CHARACTER SET latin1',
  'DROP DATABASE mysql',
  'DROP DATABASE sys',
  'UPDATE performance_schema.setup_instruments SET ENABLED = 0',
  'TRUNCATE performance_schema.accounts',
  `SHOW CREATE USER ${SERVICE}`,
  `SHOW GRANTS FOR ${SERVICE}`,
];

const server = [
  'SHUTDOWN',
  "EXECUTE IMMEDIATE 'SHUTDOWN'",
  'SET GLOBAL max_connections = 10',
  'SET GLOBAL event_scheduler = OFF',
  'SET GLOBAL gtid_slave_pos = ""',
  'SET SESSION sql_log_bin = 0',
  "SET SESSION binlog_format = 'STATEMENT'",
  'SET SESSION gtid_domain_id = 7',
  'SET SESSION gtid_seq_no = 7',
  'SET SESSION server_id = 7',
  'RESET MASTER',
  "PURGE BINARY LOGS BEFORE '2100-01-01'",
  'SHOW BINARY LOGS',
  "BINLOG 'AAAA'",
  'FLUSH TABLES WITH READ LOCK',
  'FLUSH PRIVILEGES',
  'FLUSH SSL',
  'BACKUP STAGE START',
  'STOP SLAVE',
  "CHANGE MASTER TO MASTER_HOST = '203.0.113.1'",
  'SHOW SLAVE STATUS',
];

/** What was tried on the grants of MariaDB's root when they were chosen, and held. */
export const administrator: AdministratorTest = {
  may: [
    'CREATE DATABASE root_db',
    'CREATE TABLE root_db.t (line TEXT)',
    'ALTER DATABASE root_db CHARACTER SET latin1',
    'CREATE VIEW root_db.v AS SELECT * FROM root_db.t',
    'CREATE PROCEDURE root_db.p() SELECT 1',
    'CREATE FUNCTION root_db.f() RETURNS INT RETURN 1',
    'CREATE TRIGGER root_db.tr BEFORE INSERT ON root_db.t FOR EACH ROW SET @line = NEW.line',
    'CREATE EVENT root_db.e ON SCHEDULE EVERY 1 DAY DO SET @a = 1',
    'CALL root_db.p()',
    'SELECT root_db.f()',
    "INSERT INTO root_db.t VALUES ('one')",
    'SELECT USER FROM information_schema.PROCESSLIST',
    'SHOW DATABASES',
    'XA RECOVER',
    'SHOW GRANTS',
  ],

  async mayNot(root) {
    const [[session] = []] = await root.query("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'os_admin'");
    if (session === undefined) throw new Error('root sees no session of the service that it could try to end');
    const id = Number(session);
    return [...files, ...accounts, ...rights, ...tables, ...server, `KILL ${id}`, `KILL QUERY ${id}`];
  },

  beyond: 'SELECT Priv FROM mysql.global_priv',

  wayBack: (password) => [
    `CREATE EVENT root_db.back ON SCHEDULE EVERY 1 SECOND DO SET PASSWORD = PASSWORD('${password}')`,
    "CREATE EVENT root_db.unlock ON SCHEDULE EVERY 1 SECOND DO ALTER USER root@'%' ACCOUNT UNLOCK",
    'CREATE TABLE root_db.runs (at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6))',
    'CREATE EVENT root_db.run ON SCHEDULE EVERY 1 SECOND DO INSERT INTO root_db.runs VALUES ()',
    'CREATE DATABASE other',
    `CREATE EVENT other.back ON SCHEDULE EVERY 1 SECOND DO SET PASSWORD FOR root@'%' = PASSWORD('${password}')`,
  ],

  mayStill: [
    // It was shut out for longer than this.
    `BEGIN NOT ATOMIC
       IF EXISTS (SELECT * FROM root_db.runs WHERE at > NOW(6) - INTERVAL 1500000 MICROSECOND) THEN
         SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an event of root''s ran while root was shut out';
       END IF;
     END`,
    'CALL root_db.p()',
    "INSERT INTO root_db.t VALUES ('two')",
    'SELECT * FROM root_db.v',
    'DROP DATABASE other',
    'DROP DATABASE root_db',
  ],
};
