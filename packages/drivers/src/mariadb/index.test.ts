import { Problem, silentLogger } from '@coffer/core';
import {
  checkDatabaseName,
  type DriverContext,
  evaluateSizing,
  parameterFaults,
  type Settings,
} from '@coffer/core/driver';
import { describe, expect, it } from 'vitest';
import { dialect } from './dialect.ts';
import mariadb from './index.ts';

const { manifest } = mariadb;
const context: DriverContext = {
  version: { name: '11.8', number: '11.8.9' },
  image: 'sample/mariadb:11.8',
  settings: {},
  memoryBytes: 1 << 30,
  serviceAccount: { user: 'os_admin', password: 'a-password-to-look-for' },
  serverId: 42,
  endpoint: () => ({ socketPath: '/run/guest/mysqld.sock' }),
  exec: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
  log: silentLogger,
};

function groupOf<T>(group: T | undefined): T {
  if (group === undefined) throw new Error('the group is missing');
  return group;
}

const driver = mariadb.create(context);
const configuration = groupOf(driver.configuration);
const rendered = (settings: Settings): string[] =>
  configuration.render(settings).flatMap((file) => file.content.split('\n'));

describe('the option file', () => {
  it('has replication and logs as files from the first boot, and no way to files or in without a password', () => {
    for (const line of [
      'server_id = 42',
      'log_bin = binlog',
      'binlog_format = ROW',
      'log_slave_updates = ON',
      'gtid_strict_mode = ON',
      'gtid_domain_id = 0',
      'skip_name_resolve = ON',
      'symbolic_links = OFF',
      'unix_socket = OFF',
      'secure_file_priv = /dev/shm',
      'log_error = /var/lib/mysql-log/error.log',
    ])
      expect(rendered({})).toContain(line);
  });

  it('calls options by the names that the server takes at its start', () => {
    expect(rendered({ time_zone: '+02:00' })).toContain('default_time_zone = +02:00');
    const old = mariadb.create({ ...context, version: { name: '10.11', number: '10.11.18' } });
    const [file] = groupOf(old.configuration).render({ tx_isolation: 'READ-COMMITTED' });
    expect(file?.content).toContain('transaction_isolation = READ-COMMITTED\n');
  });

  it('turns TLS on by the file that lies beside the certificate, which comes last', () => {
    const lines = rendered({});
    expect(lines.indexOf('ssl = OFF')).toBeLessThan(lines.indexOf('!include /run/coffer-tls/tls.cnf'));
    expect(lines).toContain('ssl = OFF');
  });

  it('refuses what another version has, and what nobody may set', () => {
    for (const settings of [{ tx_isolation: 'SERIALIZABLE' }, { wsrep_provider: 'x' }, { secure_file_priv: '' }])
      expect(() => configuration.render(settings)).toThrow(Problem);
  });
});

describe.each(manifest.versions.map(({ name, parameters }) => [name, parameters] as const))(
  'the catalogue of %s',
  (_, parameters) => {
    it('leaves out what the service insists on', () => {
      const fixed = rendered({}).map((line) => line.split(' = ')[0]?.replace(/^loose_/, ''));
      expect(parameters.filter(({ name }) => fixed.includes(name))).toEqual([]);
    });

    it('lets tenants choose texts from a list alone: the server does not start with a wrong one', () => {
      expect(parameters.filter((one) => one.type === 'string' && !one.enum?.length)).toEqual([]);
    });

    it('holds what sizing and the logs set, within their bounds', () => {
      const switches = groupOf(driver.logs)
        .sources()
        .flatMap((source) => (source.switch ? [source.switch.on, source.switch.off] : []));
      for (const memoryMib of [256, 512, 1024, 4096, 65_536, 1_048_576]) {
        const flavor = { memoryMib, vcpus: 2 };
        for (const settings of [evaluateSizing(manifest, flavor), ...switches])
          expect(parameterFaults(parameters, settings, { as: 'operator', flavor })).toEqual([]);
      }
    });
  },
);

describe('the container', () => {
  it('is run by the image’s contract, with the password in one file that only the server can read', () => {
    const { files, ...rest } = driver.container();
    expect(rest).toMatchObject({
      args: ['mariadbd'],
      env: { MARIADB_ROOT_PASSWORD_FILE: '/run/coffer/root-password', MARIADB_ROOT_HOST: 'localhost' },
      readOnlyRoot: true,
    });
    expect(JSON.stringify(rest)).not.toContain(context.serviceAccount.password);
    expect(files).toMatchObject([{ path: '/run/coffer/root-password', mode: 0o400, uid: 999 }]);
  });
});

describe('names in grants', () => {
  it('are patterns that nothing else fits, and come back as they were', () => {
    expect(dialect.patternOf('a_b%c\\d')).toBe('a\\_b\\%c\\\\d');
    for (const name of ['plain', 'a_b', 'm%', '\\', '\\_', '\\\\%_', '_\\']) {
      expect(dialect.databaseOf(dialect.patternOf(name))).toBe(name);
    }
  });

  it('are no longer than a grant can hold', () => {
    const longest = `${'x'.repeat(54)}_____`;
    checkDatabaseName(manifest, longest);
    expect([...dialect.patternOf(longest)]).toHaveLength(64);
    expect(() => checkDatabaseName(manifest, `${longest}x`)).toThrow(/counts 65 characters/);
  });
});

describe('passwords', () => {
  it('are sent as what the server keeps of them, and count as secrets all the same', () => {
    // Of PASSWORD('a').
    expect(dialect.identified('a')).toEqual({
      text: "IDENTIFIED VIA mysql_native_password USING '*667F407DE7C6AD07358FA38DAED7828A72014B4E'",
      isSecret: true,
    });
    expect(dialect.identified('a-password').text).not.toContain('a-password');
  });
});

describe('sizing', () => {
  const sized = (memoryMib: number) => evaluateSizing(manifest, { memoryMib, vcpus: 1 });

  it('leaves a small flavor its memory and gives a large one most of it', () => {
    expect(sized(256)).toMatchObject({ innodb_buffer_pool_size: 64 << 20, max_connections: 40 });
    expect(sized(4096)).toMatchObject({ innodb_buffer_pool_size: 2048 * 1024 ** 2, max_connections: 512 });
    expect(sized(16_384)).toMatchObject({ sync_binlog: 1, event_scheduler: 'ON' });
  });
});
