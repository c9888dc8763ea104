import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Problem, type Sealed, type SecretBox } from '@coffer/core';
import type { EngineInfo } from '@coffer/core/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Management } from '../brokers/management-http.ts';
import type { Examination } from '../examination.ts';
import { readImageArchive } from './archive.ts';
import { checkRabbitmq, checkRelay, type RelayDeps } from './broker.ts';
import { type ClocksDeps, checkClocks } from './clocks.ts';
import { checkDisk } from './disk.ts';
import { checkEngine } from './engine.ts';
import { examine } from './finding.ts';
import { checkImages, type ImagesDeps } from './images.ts';
import { checkKeys, type KeysDeps } from './keys.ts';
import { checkStore, type StoreDeps } from './store.ts';

const GIB = 2 ** 30;
const now = new Date('2026-08-01T10:00:00Z');
const throwing = (error: Error) => async () => {
  throw error;
};

const store = (more: Partial<StoreDeps>) =>
  checkStore({
    place: '/d/store',
    version: async () => 170_005,
    schema: async () => ({ pending: [], unknown: [] }),
    ...more,
  });

const relay = (more: Partial<RelayDeps>) =>
  checkRelay({
    address: { host: '10.212.0.1', port: 5671 },
    isServing: true,
    dataDir: '/d',
    handshake: async () => new Date('2027-08-01T10:00:00Z'),
    now,
    ...more,
  });

const rabbitmq = (rabbitmq_version: string, enabled_plugins: string[] = []) => {
  const answers: Record<string, unknown> = {
    '/api/overview': { rabbitmq_version, node: 'rabbit@one' },
    '/api/nodes/rabbit%40one': { enabled_plugins },
  };
  const manage: Management = async (_, path) => ({ status: 200, body: answers[path] });
  return checkRabbitmq(manage);
};

const ENGINE: EngineInfo = {
  ID: 'e',
  Name: 'host',
  ServerVersion: '20.10.24',
  Driver: 'overlay2',
  CgroupVersion: '2',
  DockerRootDir: '/var/lib/docker',
  NCPU: 2,
  MemTotal: 8 * GIB,
  OperatingSystem: 'Debian',
  KernelVersion: '6.1',
  Architecture: 'x86_64',
  SecurityOptions: ['name=seccomp,profile=default'],
};
const engine = (more: Partial<EngineInfo>, api = '1.41') =>
  checkEngine({ endpoint: 'unix:///s', apiVersion: async () => api, info: async () => ({ ...ENGINE, ...more }) });

const images = (more: Partial<ImagesDeps>) =>
  checkImages({
    guestImage: 'coffer/guest:1',
    hasImage: async () => true,
    imagesDir: '/images',
    wanted: [{ reference: 'coffer/paper:1', isPulled: false }],
    readArchive: async (file) => (file === '/images/coffer_paper_1.tar' ? ['coffer/paper:1'] : undefined),
    ...more,
  });

const clocks = (offMs: number, skewed: readonly { id: string; skewMs: number }[] = []) => {
  const at: ClocksDeps['store'] = { now: async () => new Date(now.getTime() + offMs), skewed: async () => skewed };
  return checkClocks({ now: () => now.getTime(), store: at });
};

const box: Pick<SecretBox, 'open'> = {
  open: (sealed) => {
    if (sealed === 'ours') return 'plain';
    throw new Problem('internal', 'A sealed value does not open: it was changed, or belongs to something else.');
  },
};
const keys = (more: Partial<KeysDeps>) =>
  checkKeys({
    file: '/d/master.key',
    hasFile: async () => true,
    open: async () => ({ ...box, seal: () => 'ours' as Sealed }),
    sample: async () => ({ sealed: 'ours' as Sealed, context: 'c' }),
    ...more,
  });

const disk = (freeGib: number, totalGib = 100) =>
  checkDisk({
    places: [
      { what: 'the data folder', path: '/d' },
      { what: 'the container engine', path: '/e' },
    ],
    space: async () => ({ device: 1, freeBytes: freeGib * GIB, totalBytes: totalGib * GIB }),
  });

/** What was looked at, and what its one sentence must say; nothing where all is well. */
const table: readonly [string, () => Promise<Examination>, RegExp?][] = [
  ['a store', () => store({})],
  ['a store before 15', () => store({ version: async () => 140_011 }), /PostgreSQL 14 is too old.*`apt-get install/],
  [
    'a store of an older build',
    () => store({ schema: async () => ({ pending: ['0003-job-step'], unknown: [] }) }),
    /lacks 0003-job-step.*`coffer serve`/,
  ],
  [
    'a store of a newer build',
    () => store({ schema: async () => ({ pending: [], unknown: ['0099-future'] }) }),
    /has 0099-future of a newer build/,
  ],
  ['a relay', () => relay({})],
  ['no server', () => relay({ isServing: false }), /No server runs over \/d.*`coffer serve --data-dir \/d`/],
  ['no management network', () => relay({ address: undefined }), /no management network/],
  [
    'a relay that nobody reaches',
    () => relay({ handshake: throwing(new Error('connect ECONNREFUSED 10.212.0.1:5671')) }),
    /10\.212\.0\.1:5671 cannot be reached with TLS \(connect ECONNREFUSED.*`ss -ltnp/,
  ],
  [
    'a certificate that is about to end',
    () => relay({ handshake: async () => new Date('2026-08-09T10:00:00Z') }),
    /good until 2026-08-09 only.*`coffer serve/,
  ],
  ['RabbitMQ 4', () => rabbitmq('4.1.2')],
  ['RabbitMQ 3 with its plug-in', () => rabbitmq('3.10.8', ['rabbitmq_management', 'rabbitmq_amqp1_0'])],
  [
    'RabbitMQ 3 without',
    () => rabbitmq('3.13.0', ['rabbitmq_management']),
    /`rabbitmq-plugins enable rabbitmq_amqp1_0`/,
  ],
  ['RabbitMQ before 3.10', () => rabbitmq('3.9.29', ['rabbitmq_amqp1_0']), /RabbitMQ 3\.9\.29 is too old/],
  ['an engine', () => engine({})],
  ['an engine before 20.10', () => engine({}, '1.40'), /speaks API 1\.40.*`apt-get install docker\.io`/],
  ['an engine that copies', () => engine({ Driver: 'vfs' }), /storage driver vfs.*`systemctl restart docker`/],
  ['a rootless engine', () => engine({ SecurityOptions: ['name=rootless'] }), /rootless.*--engine unix:/],
  ['an engine that maps users', () => engine({ SecurityOptions: ['name=userns'] }), /maps users.*--engine unix:/],
  ['a small engine', () => engine({ MemTotal: GIB }), /has 1 GiB of memory/],
  ['images', () => images({})],
  ['no guest image named', () => images({ guestImage: undefined }), /COFFER_GUEST_IMAGE/],
  ['a guest image that is gone', () => images({ hasImage: async () => false }), /coffer\/guest:1 is not on the engine/],
  ['no folder of archives', () => images({ imagesDir: undefined }), /COFFER_IMAGES_DIR/],
  [
    'no archive',
    () => images({ readArchive: async () => undefined }),
    /There is no archive \/images\/coffer_paper_1\.tar/,
  ],
  [
    'no archive of what is pulled',
    () => images({ readArchive: async () => undefined, wanted: [{ reference: 'r/paper:1', isPulled: true }] }),
  ],
  [
    'an archive of something else',
    () => images({ readArchive: async () => ['coffer/stone:1'] }),
    /holds coffer\/stone:1 and not coffer\/paper:1.*`docker save/,
  ],
  [
    'an archive that is cut off',
    () => images({ readArchive: throwing(new Problem('conflict', 'Archive a.tar is not whole: l is cut off')) }),
    /not whole: l is cut off; save it again: `docker save -o \/images\/coffer_paper_1\.tar coffer\/paper:1`/,
  ],
  ['clocks', () => clocks(0)],
  ['clocks a moment apart', () => clocks(-1_999)],
  ['this host ahead', () => clocks(-3_000), /3 s ahead of the store's.*`timedatectl/],
  ['this host behind', () => clocks(3_600_000), /3600 s behind the store's/],
  ['a guest’s clock', () => clocks(0, [{ id: 'i-1', skewMs: -3_600_000 }]), /i-1 \(3600 s behind\).*`timedatectl/],
  [
    'many guests’ clocks',
    () =>
      clocks(
        0,
        [1, 2, 3, 4, 5, 6, 7].map((n) => ({ id: `i-${n}`, skewMs: 20_000 })),
      ),
    /i-5 \(20 s ahead\) and 2 more/,
  ],
  ['no store to compare with', () => checkClocks({ now: Date.now, store: undefined })],
  ['a key', () => keys({})],
  ['a key and nothing sealed', () => keys({ sample: async () => undefined })],
  ['no key yet', () => keys({ hasFile: async () => false, sample: async () => undefined }), /`coffer serve` makes one/],
  [
    'a key that was lost',
    () => keys({ hasFile: async () => false }),
    /is missing.*`install -m 600 <copy> \/d\/master\.key`/,
  ],
  [
    'another key',
    () => keys({ sample: async () => ({ sealed: 'theirs' as Sealed, context: 'c' }) }),
    /not the one that.*does not open/,
  ],
  ['a disk', () => disk(50)],
  ['a disk that fills up', () => disk(4), /fills up, 4\.0 of 100\.0 GiB free.*`docker system df`/],
  ['a full disk', () => disk(2, 20), /data folder \(\/d\) is full, 2\.0 of 20\.0 GiB free/],
];

describe('a check', () => {
  it.each(table)('of %s', async (_, check, sentence) => {
    const { faults } = await check();
    expect(faults).toHaveLength(sentence === undefined ? 0 : 1);
    if (sentence) expect(faults[0]).toMatch(sentence);
  });

  it('of archives counts those that are whole', async () => {
    const broken = new Problem('conflict', 'Archive a.tar is not whole: l is cut off');
    expect((await images({})).facts).toContain('1 of 1 images');
    expect((await images({ readArchive: throwing(broken) })).facts).toContain('0 of 1 images');
  });

  it('that throws is its own finding', async () => {
    const refused = new Problem('unavailable', 'The store does not answer; check that PostgreSQL runs.');
    expect(await examine('store', throwing(refused))).toMatchObject({ isOk: false, faults: [refused.detail] });
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect((await examine('keys', throwing(denied))).faults[0]).toMatch(/`sudo coffer doctor`/);
    expect((await examine('disk', throwing(new Error('odd')))).faults).toEqual(['The check failed: odd.']);
  });

  it('that does not end is its own finding', async () => {
    const { faults } = await examine('engine', () => new Promise(() => undefined), 20);
    expect(faults[0]).toMatch(/did not end within 0\.02 s/);
  });
});

describe('an archive of an image', () => {
  let folder: string;
  const file = () => join(folder, 'a.tar');
  const write = async (parts: Record<string, string>) => {
    for (const [name, content] of Object.entries(parts)) await writeFile(join(folder, name), content);
    await promisify(execFile)('tar', ['--format=ustar', '-C', folder, '-cf', file(), ...Object.keys(parts)]);
  };
  const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: ['coffer/paper:1'], Layers: ['layer'] }]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coffer-archive-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('tells the images in it', async () => {
    await write({ 'manifest.json': manifest, 'c.json': '{}', layer: 'x'.repeat(20_000) });
    expect(await readImageArchive(file())).toEqual(['coffer/paper:1']);
    expect(await readImageArchive(join(folder, 'none.tar'))).toBeUndefined();
  });

  it('is not whole when it is cut off, lacks a layer, or is something else', async () => {
    await write({ 'manifest.json': manifest, 'c.json': '{}', layer: 'x'.repeat(20_000) });
    const { size } = await stat(file());
    await truncate(file(), size - 15_000);
    await expect(readImageArchive(file())).rejects.toThrow('layer is cut off');
    await truncate(file(), 512);
    await expect(readImageArchive(file())).rejects.toThrow('manifest.json is cut off');
    await write({ 'manifest.json': manifest, 'c.json': '{}' });
    await expect(readImageArchive(file())).rejects.toThrow('layer is missing');
    await write({ 'c.json': '{}' });
    await expect(readImageArchive(file())).rejects.toThrow('it has no manifest.json');
    await writeFile(file(), 'y'.repeat(2_000));
    await expect(readImageArchive(file())).rejects.toThrow('at byte 0 stands no entry');
  });
});
