import { beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  boxed,
  type DatabaseImage,
  imagesUnderTest,
  inside,
  type Login,
  logOf,
  serves,
  versionOf,
} from '../support/database-image.ts';
import { engine } from '../support/image-containers.ts';
import { stageFor, testContract } from '../support/image-contract.ts';

/** Asks by the client in the container; its password arrives by standard input. */
async function ask(
  container: string,
  { user, password, host, database = 'postgres' }: Login,
  statement: string,
): Promise<string> {
  const { exitCode, stdout, stderr } = await engine.containers.exec(container, {
    command: [
      'bash',
      '-c',
      'IFS= read -r PGPASSWORD; export PGPASSWORD; exec psql --no-psqlrc --no-password -qtA -F "|" "$@"',
      'bash',
      ...['-U', user, '-d', database, '-c', statement],
      ...(host ? ['-h', host] : []),
    ],
    stdin: `${password ?? ''}\n`,
  });
  return exitCode === 0 ? stdout.trim() : `refused: ${stderr.trim()}`;
}

const EXTENSIONS =
  'amcheck bloom btree_gin btree_gist citext cube dblink earthdistance file_fdw fuzzystrmatch hstore intarray isn ltree ' +
  'pageinspect pg_buffercache pg_prewarm pg_stat_statements pg_trgm pgcrypto pgrowlocks pgstattuple postgres_fdw seg ' +
  'tablefunc unaccent uuid-ossp xml2';
const TOOLS =
  'initdb pg_amcheck pg_basebackup pg_checksums pg_controldata pg_ctl pg_dump pg_dumpall pg_isready pg_receivewal ' +
  'pg_recvlogical pg_resetwal pg_restore pg_rewind pg_upgrade pg_verifybackup pg_waldump pgbench psql reindexdb vacuumdb';

describe.each(imagesUnderTest('postgresql'))('%s', (image) => {
  const major = Number(versionOf(image));
  const data = major < 18 ? '/var/lib/postgresql/data' : `/var/lib/postgresql/${major}/docker`;
  const db: DatabaseImage = {
    image,
    server: 'postgres',
    account: 'postgres',
    saysVersion: new RegExp(`^postgres \\(PostgreSQL\\) ${major}\\.`),
    data,
    volume: major < 18 ? data : '/var/lib/postgresql',
    lastEntry: 'PG_VERSION',
    socketFolder: '/run/postgresql',
    stopSignal: 'SIGINT',
    maxMb: 110,
    firstStart: [
      'POSTGRES_PASSWORD_FILE=/run/secrets/admin',
      'POSTGRES_USER=chief',
      'POSTGRES_DB=my_shop',
      // Left alone, initdb lets in whoever is in the container.
      "POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256 '--encoding=UTF8'",
    ],
    admin: 'chief',
    otherStart: ['POSTGRES_PASSWORD=other', 'POSTGRES_USER=chief', 'POSTGRES_DB=other'],
    identity: 'SELECT system_identifier FROM pg_control_system()',
    scriptStart: ['POSTGRES_PASSWORD=secret', 'POSTGRES_DB=shop'],
    scriptLogin: () => ({ user: 'postgres', password: 'secret' }),
    statementFlag: '-c',
    runLine: 'psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "CREATE TABLE from_run (n INT)"',
    tables: "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    settings: async () => ({ binds: [], args: ['-c', 'max_connections=55', '-c', 'work_mem=3MB'] }),
    sql: ask,
    isServing: async (container) =>
      (await engine.containers.exec(container, { command: ['pg_isready', '-q', '-h', '127.0.0.1'] })).exitCode === 0,
    refusals: [
      { env: [], says: /POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust/ },
      {
        env: ['POSTGRES_PASSWORD=a', 'POSTGRES_PASSWORD_FILE=/etc/hostname'],
        says: /both POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE/,
      },
      { env: ['POSTGRES_PASSWORD_FILE=/no/such/file'], says: /POSTGRES_PASSWORD_FILE.*\/no\/such\/file/ },
      { env: ['POSTGRES_PASSWORD=a\nb'], says: /POSTGRES_PASSWORD has more than one line/ },
    ],
  };
  const stage = stageFor(db);
  testContract(db, stage);

  describe('what a first start makes', () => {
    let name: string;
    const chief = { user: 'chief', password: ADMIN_PASSWORD };
    const tcp = { ...chief, host: '127.0.0.1', database: 'my_shop' };
    const run = (...command: string[]) => inside(name, 'gosu', 'postgres', ...command);

    beforeAll(async () => {
      const secrets = await stage.folder('secrets', { admin: ADMIN_PASSWORD }, 0o400);
      const { args } = await db.settings(stage.folder);
      name = await stage.containers.start(boxed(db, db.firstStart, { binds: [`${secrets}:/run/secrets:ro`], args }));
      await serves(db, name);
    }, 200_000);

    it('is one superuser, a database, and a door that asks for the password', async () => {
      expect(await ask(name, tcp, 'SELECT rolname FROM pg_roles WHERE rolsuper')).toBe('chief');
      expect(await ask(name, tcp, 'SELECT datname FROM pg_database ORDER BY 1')).toBe(
        'my_shop\npostgres\ntemplate0\ntemplate1',
      );
      expect((await inside(name, 'cat', `${data}/pg_hba.conf`)).split('\n').at(-1)).toBe(
        'host all all all scram-sha-256',
      );
      expect(await ask(name, tcp, 'SELECT left(rolpassword, 14) FROM pg_authid WHERE rolname = current_user')).toBe(
        'SCRAM-SHA-256$',
      );
    });

    it('takes the arguments, and listens where clients look', async () => {
      const show = (what: string) => ask(name, tcp, `SHOW ${what}`);
      expect(await show('max_connections')).toBe('55');
      expect(await show('work_mem')).toBe('3MB');
      expect(await show('data_directory')).toBe(data);
      expect(await show('listen_addresses')).toBe('*');
      expect(await show('unix_socket_directories')).toBe('/var/run/postgresql');
      expect(await show('timezone')).toBe('Etc/UTC');
      expect(await inside(name, 'stat', '-c', '%a', data)).toBe('700');
    });

    it('speaks the languages of the system, of ICU and its own', async () => {
      const locale =
        "SELECT datcollate, datctype, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'my_shop'";
      expect(await ask(name, tcp, locale)).toBe('en_US.utf8|en_US.utf8|UTF8');
      const collations = "'en_US.utf8', 'C.utf8', 'de-x-icu', 'sv-x-icu'";
      expect(await ask(name, tcp, `SELECT count(*) FROM pg_collation WHERE collname IN (${collations})`)).toBe('4');
      const sorted = (collation: string) =>
        ask(
          name,
          tcp,
          `SELECT string_agg(w, ' ' ORDER BY w COLLATE "${collation}") FROM unnest(ARRAY['z', 'ö', 'a', 'B']) w`,
        );
      expect(await sorted('en_US.utf8')).toBe('a B ö z');
      expect(await sorted('de-x-icu')).toBe('a B ö z');
      expect(await sorted('sv-x-icu')).toBe('a B z ö');
      expect(await sorted('C')).toBe('B a z ö');
      const create = (more: string) => ask(name, tcp, `CREATE DATABASE other TEMPLATE template0 ${more}`);
      const drop = () => ask(name, tcp, 'DROP DATABASE other');
      expect(await create("LOCALE_PROVIDER icu ICU_LOCALE 'und'")).toBe('');
      expect(await drop()).toBe('');
      expect(await create("ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C'")).toBe('');
      expect(await drop()).toBe('');
      const builtin = await create("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'");
      expect(builtin).toMatch(major < 17 ? /^refused: .*builtin_locale/s : /^$/);
      expect(await ask(name, tcp, "SELECT now() AT TIME ZONE 'Europe/Berlin' IS NOT NULL")).toBe('t');
    });

    it('comes with the extensions of the packages', async () => {
      for (const extension of EXTENSIONS.split(' '))
        expect(await ask(name, tcp, `CREATE EXTENSION "${extension}" CASCADE`)).not.toMatch(/^refused/);
      expect(await ask(name, tcp, "SELECT encode(digest('a', 'sha256'), 'hex')")).toMatch(/^ca978112ca1bbdca/);
      expect(await ask(name, tcp, "SELECT uuid_generate_v5(uuid_ns_dns(), 'a') IS NOT NULL")).toBe('t');
      expect(await ask(name, tcp, "SELECT 'HAT'::citext = 'hat', 'a=>1'::hstore -> 'a'")).toBe('t|1');
      expect(await ask(name, tcp, "SELECT to_tsvector('german', 'Häuser')")).toBe("'haus':1");
    });

    it('comes with its tools, which work', async () => {
      expect(await inside(name, 'bash', '-c', `for p in ${TOOLS}; do type -P $p >/dev/null || echo $p; done`)).toBe('');
      const versions = await run('bash', '-c', `for p in ${TOOLS}; do $p --version || echo $p; done`);
      expect(versions.split('\n').filter((line) => !line.includes(` ${major}.`))).toEqual([]);
      const at = ['-h', '/var/run/postgresql', '-U', 'chief'];
      expect(await run('pgbench', ...at, '-i', '-q', 'my_shop').then(() => run('pgbench', ...at, 'my_shop'))).toContain(
        'number of transactions actually processed: 10/10',
      );
      expect(await run('pg_dump', ...at, '-t', 'pgbench_branches', 'my_shop')).toContain('CREATE TABLE');
      await run('pg_basebackup', ...at, '-c', 'fast', '-D', '/tmp/copy');
      expect(await run('bash', '-c', 'pg_verifybackup /tmp/copy 2>&1')).toContain('successfully verified');
      expect(await run('pg_controldata', '/tmp/copy')).toMatch(/Database cluster state:\s+in production/);
    });
  });

  it('lets everybody in if told so, as the superuser postgres', async () => {
    const name = await stage.containers.start({ Image: image, Env: ['POSTGRES_HOST_AUTH_METHOD=trust'] });
    await serves(db, name);
    expect(await ask(name, { user: 'postgres', host: '127.0.0.1' }, 'SELECT current_database()')).toBe('postgres');
    expect((await inside(name, 'cat', `${data}/pg_hba.conf`)).split('\n').at(-1)).toBe('host all all all trust');
    expect(await logOf(name)).not.toMatch(/no usable system locales/);
  }, 200_000);

  it('makes a database of any name, and trusts nobody but who is in the container', async () => {
    const odd = 'it\'s "a" \\ $(id) `b` %;--é';
    const name = await stage.containers.start({ Image: image, Env: ['POSTGRES_PASSWORD=a', `POSTGRES_DB=${odd}`] });
    await serves(db, name);
    const login = { user: 'postgres', password: 'a', database: odd };
    expect(await ask(name, login, 'SELECT current_database()')).toBe(odd);
    expect(await ask(name, { ...login, password: '', host: '127.0.0.1' }, 'SELECT 1')).toBe('1');
    const address = await inside(name, 'bash', '-c', "getent hosts $(</etc/hostname) | cut -d' ' -f1");
    expect(await ask(name, { ...login, host: address }, 'SELECT 1')).toBe('1');
    expect(await ask(name, { ...login, password: 'other', host: address }, 'SELECT 1')).toMatch(
      /^refused: .*password/s,
    );
  }, 200_000);

  if (major >= 18)
    it('does not forget data that an older image has left', async () => {
      const { exitCode, log } = await stage.containers.run({
        Image: image,
        Env: ['POSTGRES_PASSWORD=a'],
        HostConfig: { Binds: [`${await stage.folder('old', { PG_VERSION: '17\n' })}:/var/lib/postgresql/data`] },
      });
      expect(exitCode).toBe(1);
      expect(log).toMatch(/\/var\/lib\/postgresql\/data holds data of PostgreSQL 17/);
    });
});
