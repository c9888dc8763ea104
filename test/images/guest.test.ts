import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderIn, logOf } from '../support/database-image.ts';
import { guestImage } from '../support/guest-parts.ts';
import { engine, type ImageContainers, imageContainers, until } from '../support/image-containers.ts';

let containers: ImageContainers;
beforeAll(async () => {
  containers = await imageContainers();
});
afterAll(() => containers.dispose());

describe('the guest image', () => {
  let image: string;
  beforeAll(async () => {
    image = await guestImage(containers.folder);
  }, 300_000);

  const find = async (...conditions: string[]) => {
    const { exitCode, log: found } = await containers.run({
      Image: image,
      Entrypoint: ['find', '/', '-xdev', ...conditions],
    });
    expect(exitCode).toBe(0);
    return found.trim();
  };

  it('has what an agent calls', async () => {
    const programs =
      'dockerd containerd runc docker-init ip nft nsenter mount umount blkid wipefs blockdev mkfs.xfs xfs_growfs node';
    const { log: missing } = await containers.run({
      Image: image,
      Entrypoint: ['bash', '-c', `for p in ${programs}; do command -v $p >/dev/null || echo $p; done; node --version`],
    });
    expect(missing.trim()).toMatch(/^v24\.\d+\.\d+$/);
  });

  it('holds no database, no backup tool and no driver', async () => {
    const names =
      'mysqld* mysql mariadb* postgres* psql pg_* xtrabackup* mariabackup* wal-g* driver.mjs manifest.json mysql2';
    const conditions = names
      .split(' ')
      .flatMap((name) => ['-o', '-name', name])
      .slice(1);
    // An empty answer means something only if the search finds what is there.
    expect(await find('-name', 'dockerd')).toBe('/usr/sbin/dockerd');
    expect(await find('!', '-path', '/proc/*', '(', ...conditions, ')')).toBe('');
    expect((await find('-path', '/opt/coffer/*')).split('\n')).toEqual(['/opt/coffer/agent.mjs']);
    const agent = await readFile(join(containers.folder, 'agent.mjs'), 'utf8');
    expect(agent).not.toMatch(/caching_sha2_password|CREATE USER|GRANT ALL/);
  });

  it('starts its engine, runs the agent again, survives a kill and ends in order', async () => {
    const work = await folderIn(containers)('guest', {
      'agent.mjs': `import { appendFileSync, existsSync } from 'node:fs'; import http from 'node:http';
const say = (what) => appendFileSync('/var/lib/coffer/said', what + '\\n');
const ping = (done) => http.get({ socketPath: '/var/run/docker.sock', path: '/_ping' }, (answer) => done(answer.statusCode)).on('error', ({ code }) => done(code));
say('start');
if (!existsSync('/var/lib/coffer/once')) { appendFileSync('/var/lib/coffer/once', ''); process.exit(3); }
process.on('SIGTERM', () => ping((answer) => { say('ends ' + answer); process.exit(0); }));
(function ask() { ping((answer) => (answer === 200 ? say('engine') : setTimeout(ask, 50))); })();
setInterval(() => {}, 1000);`,
    });
    await chmod(work, 0o777);
    const name = await containers.start({
      Image: image,
      HostConfig: {
        CapAdd: ['ALL'],
        CapDrop: ['SYS_RESOURCE'],
        SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
        CgroupnsMode: 'host',
        Binds: [
          '/sys/fs/cgroup:/sys/fs/cgroup:rw',
          `${work}/agent.mjs:/opt/coffer/agent.mjs:ro`,
          `${work}:/var/lib/coffer`,
        ],
      },
    });
    const said = async () => (await readFile(join(work, 'said'), 'utf8').catch(() => '')).trim().split('\n');
    const comes = (count: number) =>
      until(async () => (await said()).filter((line) => line === 'engine').length === count || undefined, {
        otherwise: () => logOf(name),
      });
    await comes(1);
    expect(await said()).toEqual(['start', 'start', 'engine']);
    expect(await logOf(name)).toContain('the agent ended with 3');
    await engine.containers.kill(name, 'SIGKILL');
    await engine.containers.wait(name);
    await engine.containers.start(name);
    await comes(2);
    await engine.containers.stop(name, { timeoutMs: 60_000 });
    expect((await said()).slice(3)).toEqual(['start', 'engine', 'ends 200']);
    expect((await engine.containers.inspect(name))?.State.ExitCode).toBe(0);
  }, 200_000);
});
