import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerConfig } from '@coffer/core/engine';
import { imagesOf } from '../../scripts/recipes.mjs';
import { engine, type ImageContainers, until } from './image-containers.ts';

/** Every character here once was the end of somebody's quoting. */
export const ADMIN_PASSWORD = 'it\'s "root" \\n `$(id)` %_;--é';
export const APP_PASSWORD = "app\\'; DROP USER root; --";

export interface Login {
  user: string;
  password?: string;
  /** By TCP; by the socket when left out. */
  host?: string;
  database?: string;
}

/** What an image promises, in the words of its engine. The checks of image-contract.ts hold it to that. */
export interface DatabaseImage {
  image: string;
  /** The process that serves, and the command of the image. */
  server: string;
  account: 'mysql' | 'postgres';
  saysVersion: RegExp;
  data: string;
  volume: string;
  /** Of the data directory's entries the one that is there last. */
  lastEntry: string;
  socketFolder: string;
  stopSignal: 'SIGTERM' | 'SIGINT';
  /** Megabytes that it stays below: it is lean. */
  maxMb: number;
  /** A first start with the password of the administrator in /run/secrets/admin and the database `my_shop`. */
  firstStart: readonly string[];
  admin: string;
  /** A start that asks for other things than `firstStart`. */
  otherStart: readonly string[];
  /** Environments that contradict themselves, and what is said of them. */
  refusals: readonly { env: readonly string[]; says: RegExp }[];
  /** Statement that tells one server from another, if something does. */
  identity?: string;
  /** A first start with scripts, in the database `shop`; and who gets in then, by what the container said. */
  scriptStart: readonly string[];
  scriptLogin(log: string): Login;
  /** An executable script's line that makes the table `from_run`, and a sourced one's argument before a statement. */
  runLine: string;
  statementFlag: string;
  tables: string;
  /** Extra mounts and arguments of a boxed start. */
  settings(folder: Folder): Promise<{ binds: string[]; args: string[] }>;
  /** Asks by the client in the container; `refused: …` is an answer too. */
  sql(container: string, login: Login, statement: string): Promise<string>;
  /** True once the server lets somebody in over TCP: one that is being set up has no port. */
  isServing(container: string, address: string): Promise<boolean>;
}

/** The images of a datastore that this run tests: the newest, or all of them in a long run. */
export const imagesUnderTest = (datastore: string): string[] =>
  imagesOf(datastore).slice(0, process.env.COFFER_TEST_FULL ? undefined : 1);

export const versionOf = (image: string): string => image.slice(image.indexOf(':') + 1);

export type Folder = (name: string, files?: Record<string, string>, mode?: number) => Promise<string>;

/** Makes folders on the host for mounts. */
export const folderIn =
  (containers: ImageContainers): Folder =>
  async (name, files = {}, mode = 0o644) => {
    const path = await mkdtemp(join(containers.folder, `${name}-`));
    await chmod(path, 0o755);
    for (const [file, text] of Object.entries(files)) {
      await writeFile(join(path, file), text);
      await chmod(join(path, file), mode);
    }
    return path;
  };

export const logOf = (container: string): Promise<string> => engine.containers.logText(container);

export const inside = async (container: string, ...command: string[]): Promise<string> =>
  (await engine.containers.exec(container, { command })).stdout.trim();

/**
 * Environment and command line of the server's processes. Read as its account: root with few capabilities is shown nothing, and says
 * nothing.
 */
export const seenOf = (db: DatabaseImage, container: string): Promise<string> =>
  inside(
    container,
    'gosu',
    db.account,
    'bash',
    '-c',
    `for name in $(grep -lx '${db.server}' /proc/[0-9]*/comm); do
       cat "\${name%comm}environ" "\${name%comm}cmdline"
     done | tr '\\0' '\\n'`,
  );

/** Until it serves. @throws what the container said when it ends before. */
export function serves(db: DatabaseImage, container: string): Promise<true> {
  return until(
    async () => {
      const info = await engine.containers.inspect(container);
      if (!info?.State.Running) throw new Error(await logOf(container));
      const [network] = Object.values(info.NetworkSettings.Networks);
      return (await db.isServing(container, network?.IPAddress ?? '')) || undefined;
    },
    { otherwise: () => logOf(container) },
  );
}

/** With as little as its guest gives it: see packages/agent/src/database.ts. */
export function boxed(
  db: DatabaseImage,
  env: readonly string[],
  { binds, args = [] }: { binds: readonly string[]; args?: readonly string[] },
): ContainerConfig {
  return {
    Image: db.image,
    Cmd: args,
    Env: env,
    HostConfig: {
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      // KILL is for the init, which ends a server that has another account.
      CapAdd: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'FOWNER', 'KILL'],
      SecurityOpt: ['no-new-privileges'],
      Tmpfs: { '/tmp': 'mode=1777', [db.socketFolder]: 'mode=1777' },
      Binds: binds,
    },
  };
}
