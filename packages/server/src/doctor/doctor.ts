import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@coffer/core';
import { createEngine } from '@coffer/core/engine';
import { createManagement } from '../brokers/management-http.ts';
import { type RabbitmqOptions, readManagement } from '../brokers/options.ts';
import { examineCloud } from '../clouds/docker/examine.ts';
import { findManagement } from '../clouds/docker/networks.ts';
import { findContext } from '../clouds/docker/open.ts';
import type { Examination } from '../examination.ts';
import { visitStore } from '../local-store.ts';
import type { Releases } from '../release.ts';
import { isServing } from '../server-lock.ts';
import { schemaState } from '../store/store.ts';
import { readImageArchive } from './archive.ts';
import { checkRabbitmq, checkRelay } from './broker.ts';
import { checkClocks } from './clocks.ts';
import { checkDisk } from './disk.ts';
import { checkEngine } from './engine.ts';
import { examine, type Finding } from './finding.ts';
import { checkImages } from './images.ts';
import { checkKeys } from './keys.ts';
import { clocksOf, keysOf, shakeHands, spaceOf, versionOf, wantedImages } from './sources.ts';
import { checkStore } from './store.ts';

export interface DoctorOptions {
  dataDir: string;
  runDir: string;
  storeUrl?: string;
  brokerPort: number;
  /** Looked at instead of the embedded relay. */
  broker?: RabbitmqOptions;
  engine?: string;
  guestImage?: string;
  imagesDir?: string;
  log: Logger;
}

export interface Diagnosis {
  findings: Finding[];
  /** True of this kind of cloud whatever the findings. */
  notes: string[];
}

const DOCKER_NOTE =
  'Root in a docker guest can reach the host: this cloud is for one operator’s own machine and for tests; host isolation is what clouds of virtual machines promise (docs/security.md).';

/**
 * Looks at everything that a server over this data folder hangs on, and changes none of it; a store that lies still is started
 * for the while. A part that is down is a finding, and the others are looked at all the same.
 */
export async function diagnose(options: DoctorOptions, releases: Releases): Promise<Diagnosis> {
  const { dataDir, log } = options;
  const engine = createEngine(options.engine === undefined ? {} : { endpoint: options.engine });
  // Opened once, used by four; its failure is the finding of the first alone.
  const visited = visitStore(options, releases);
  // Of another build's schema nothing is asked.
  const readable = visited
    .then(async (store) => ((await schemaState(store)).pending.length === 0 ? store : undefined))
    .catch(() => undefined);
  const cloudOptions = {
    engine,
    dataDir: join(dataDir, 'cloud'),
    runDir: options.runDir,
    guestImage: options.guestImage ?? '',
    log,
  };

  const relay = async (): Promise<Examination> => {
    const context = await findContext(cloudOptions);
    const management = context && (await findManagement(context).catch(() => undefined));
    return checkRelay({
      address: management && { host: management.gateway, port: options.brokerPort },
      isServing: await isServing(dataDir),
      dataDir,
      handshake: async (address) => shakeHands(address, await readFile(join(dataDir, 'broker/authority.pem'), 'utf8')),
      now: new Date(),
    });
  };
  const cloud = async (): Promise<Examination> => {
    const context = await findContext(cloudOptions);
    return context
      ? examineCloud(context)
      : {
          facts: 'docker',
          faults: [`There is no cloud in ${dataDir} yet; start it: \`coffer serve --data-dir ${dataDir}\`.`],
        };
  };

  const findings = await Promise.all([
    examine('store', async () => {
      const reached = await visited;
      return checkStore({
        place: placeOf(options),
        version: () => versionOf(reached),
        schema: () => schemaState(reached),
      });
    }),
    examine('broker', async () =>
      options.broker ? checkRabbitmq(createManagement(readManagement(options.broker))) : relay(),
    ),
    examine('cloud', cloud),
    examine('engine', () => checkEngine(engine)),
    examine('images', async () =>
      checkImages({
        guestImage: options.guestImage,
        imagesDir: options.imagesDir,
        hasImage: async (reference) => (await engine.images.inspect(reference)) !== undefined,
        wanted: await readable.then((store) => store && wantedImages(store)),
        readArchive: readImageArchive,
      }),
    ),
    examine('clocks', async () =>
      checkClocks({ now: Date.now, store: await readable.then((store) => store && clocksOf(store)) }),
    ),
    examine('keys', async () => checkKeys(keysOf(join(dataDir, 'master.key'), await readable))),
    examine('disk', async () => {
      const root = await engine.info().then(
        (info) => info.DockerRootDir,
        () => undefined,
      );
      const isLocal = engine.endpoint.startsWith('unix:');
      return checkDisk({
        places: [
          { what: 'the data folder', path: dataDir },
          ...(isLocal && root !== undefined ? [{ what: 'the container engine', path: root }] : []),
        ],
        space: spaceOf,
      });
    }),
  ]);
  // One that comes up after its check was given up would be left behind.
  await readable;
  return { findings, notes: [DOCKER_NOTE] };
}

/** Without the password that a URL may hold. */
function placeOf({ storeUrl, dataDir }: DoctorOptions): string {
  if (storeUrl === undefined) return join(dataDir, 'store');
  return URL.canParse(storeUrl) ? `${new URL(storeUrl).host}${new URL(storeUrl).pathname}` : 'the --store given';
}
