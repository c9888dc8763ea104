import { type DatabaseImage, type Login, versionOf } from './database-image.ts';
import { engine, greets } from './image-containers.ts';

/** Asks by a client of MySQL's kind in the container; its option file arrives by standard input. */
export async function mysqlAsk(
  client: string,
  container: string,
  { user, password = '', host, database }: Login,
  statement: string,
): Promise<string> {
  const quoted = password.replace(/[\\"]/g, '\\$&');
  const { exitCode, stdout, stderr } = await engine.containers.exec(container, {
    command: [
      client,
      '--defaults-extra-file=/dev/stdin',
      '--default-character-set=utf8mb4',
      '-N',
      '-e',
      statement,
      ...(database ? [database] : []),
    ],
    stdin: `[client]\nuser=${user}\npassword="${quoted}"\n${host ? `host=${host}\nprotocol=tcp\n` : ''}`,
  });
  return exitCode === 0 ? stdout.trim() : `refused: ${stderr.trim()}`;
}

/** What the images of MySQL and MariaDB have in common. */
export function mysqlLike(image: string, client: string, prefix: string) {
  return {
    image,
    account: 'mysql',
    saysVersion: new RegExp(`Ver ${versionOf(image).replace('.', '\\.')}\\.`),
    data: '/var/lib/mysql',
    volume: '/var/lib/mysql',
    lastEntry: 'mysql',
    socketFolder: '/run/mysqld',
    stopSignal: 'SIGTERM',
    firstStart: [
      `${prefix}_ROOT_PASSWORD_FILE=/run/secrets/admin`,
      `${prefix}_DATABASE=my_shop`,
      `${prefix}_USER=app`,
      `${prefix}_PASSWORD_FILE=/run/secrets/app`,
    ],
    admin: 'root',
    otherStart: [`${prefix}_ROOT_PASSWORD=other`, `${prefix}_DATABASE=other`],
    scriptStart: [
      `${prefix}_RANDOM_ROOT_PASSWORD=yes`,
      `${prefix}_ROOT_HOST=localhost`,
      `${prefix}_DATABASE=shop`,
      `${prefix}_USER=app`,
      `${prefix}_PASSWORD=secret`,
    ],
    scriptLogin: (log) => ({ user: 'root', password: /GENERATED ROOT PASSWORD: (\S+)/.exec(log)?.[1] ?? 'none said' }),
    statementFlag: '-e',
    tables: 'SHOW TABLES',
    settings: async (folder) => ({
      binds: [`${await folder('conf', { 'own.cnf': '[mysqld]\nmax_connections = 55\n' })}:/etc/mysql/conf.d:ro`],
      args: ['--table-open-cache=333'],
    }),
    sql: (container, login, statement) => mysqlAsk(client, container, login, statement),
    isServing: (_, address) => greets(address, 3306),
  } satisfies Partial<DatabaseImage>;
}
