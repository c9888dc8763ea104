import type { ContainerRuntime, Logger } from '@coffer/core';
import { type DatastoreDriver, type DriverFactory, SERVICE_ACCOUNT, type Settings } from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import { type Configuration, type Wish, wishOf } from './configuration.ts';
import { DATABASE, type Database, type DatabaseOrder } from './database.ts';
import { foldersOf } from './live-files.ts';
import type { Sandbox } from './sandbox.ts';
import type { AgentState } from './state.ts';
import { type Tls, tlsPlaces } from './tls.ts';
import type { Volume } from './volume.ts';

/** A spec brought to life: its driver, what its container is to be, what is to be in force in it. */
export interface Deployment {
  driver: DatastoreDriver;
  order: DatabaseOrder;
  /** Where the driver has parameters. */
  parameters?: { wish: Wish; settings: Settings };
  tls?: Awaited<ReturnType<Tls['material']>>;
}

export interface DeployerParts {
  runtime: ContainerRuntime;
  state: Pick<AgentState, 'servicePassword'>;
  volume: Pick<Volume, 'ensure'>;
  sandbox: Pick<Sandbox, 'ensure'>;
  database: Database;
  configuration: Configuration;
  tls: Tls;
  /** Brings the image to the engine. @returns the reference to run. */
  ensureImage(image: InstanceSpec['image'], signal: AbortSignal): Promise<string>;
  loadDriver(): Promise<DriverFactory>;
  log: Logger;
}

/** Lays everything that the database stands on. */
export interface Deployer {
  factory(): Promise<DriverFactory>;
  /** Each piece is left alone where it is right already; the driver lives on as long as what it was made with holds. */
  lay(spec: InstanceSpec, signal: AbortSignal): Promise<Deployment>;
  /** The last one laid. */
  present(): Deployment | undefined;
  /** Gives back the driver's session. */
  close(): Promise<void>;
}

export function createDeployer(parts: DeployerParts): Deployer {
  const { runtime, state, volume, sandbox, database, configuration, tls, log } = parts;
  let factory: Promise<DriverFactory> | undefined;
  let present: Deployment | undefined;
  /** What the present driver was made with. */
  let madeWith: string | undefined;

  function loadFactory(): Promise<DriverFactory> {
    factory ??= parts.loadDriver().catch((error: unknown) => {
      factory = undefined;
      throw error;
    });
    return factory;
  }

  async function close(): Promise<void> {
    await present?.driver.close();
    present = undefined;
  }

  async function driverFor(spec: InstanceSpec, image: string, password: string): Promise<DatastoreDriver> {
    const { manifest, create } = await loadFactory();
    const { version, settings, memoryMib, serverId, network } = spec;
    // A driver that renders its parameters keeps its session over a change of them: there is one, and it serves calls.
    const atCreation = manifest.groups.includes('configuration') ? undefined : settings;
    const needs = JSON.stringify([version, image, memoryMib, serverId, network, atCreation]);
    if (present && madeWith === needs) return present.driver;
    await close();
    madeWith = needs;
    return create({
      version,
      image,
      settings,
      memoryBytes: memoryMib * 1024 * 1024,
      serviceAccount: { user: SERVICE_ACCOUNT, password },
      serverId,
      endpoint: () => database.endpoint(manifest, spec),
      exec: (command, options) => runtime.exec(DATABASE, command, options),
      log: log.child({ part: 'driver' }),
    });
  }

  return {
    factory: loadFactory,
    async lay(spec, signal) {
      const { manifest } = await loadFactory();
      // Both end before either's failure counts, so that the next pass never meets the rest of this one.
      const [image, dataFolder] = await Promise.allSettled([
        parts.ensureImage(spec.image, signal),
        volume.ensure(spec),
      ]);
      if (image.status === 'rejected') throw image.reason;
      if (dataFolder.status === 'rejected') throw dataFolder.reason;
      await sandbox.ensure(spec, image.value);
      const password = await state.servicePassword();
      const driver = await driverFor(spec, image.value, password);
      const material = driver.tls && (await tls.material(spec));
      const wish = driver.configuration && wishOf(manifest, driver, spec);
      const settings = wish && (await configuration.inReach(wish));
      const rendered = settings === undefined ? [] : (driver.configuration?.render(settings) ?? []);
      const order: DatabaseOrder = {
        spec,
        container: driver.container(),
        liveFiles: [...rendered, ...((material && driver.tls?.files(material)) ?? [])],
        // Mounted whether there is a certificate yet or not: one that comes later is no reason to make the container anew.
        liveFolders: foldersOf([...rendered, ...tlsPlaces(driver.tls)]).sort(),
        dataFolder: dataFolder.value,
        secret: password,
      };
      present = {
        driver,
        order,
        ...(wish && settings && { parameters: { wish, settings } }),
        ...(material && { tls: material }),
      };
      return present;
    },
    present: () => present,
    close,
  };
}
