import { posix } from 'node:path';
import { type ContainerRuntime, type Logger, Problem, toProblem } from '@coffer/core';
import type { LogSource, LogsGroup, Operation } from '@coffer/core/driver';
import type { LogState } from '@coffer/core/rpc';
import { DATABASE, type DatabaseOrder, inside } from './database.ts';
import { openSafeFolder, type SafeFolder } from './safe-folder.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** More than this of a log is never read at once. */
const TAIL_BYTES = 256 * KIB;
const MOST_LINES = 10_000;
/** Old files of a log that are kept beside the one that is written: `.1` is the newest. */
const OLD_FILES = 3;
/** All files of one log together: a hundredth of the volume, and this at least. Looked at with each look at the database. */
const LEAST_BYTES = 16 * MIB;

export const mostBytesOf = (sizeGib: number): number => Math.max(LEAST_BYTES, Math.floor((sizeGib * GIB) / 100));

/** What the logs of one database are read from. */
export interface LogPlace {
  group: LogsGroup;
  order: DatabaseOrder;
}

/** The database's logs: read for its user, and kept from filling its volume. */
export interface Logs {
  list(place: LogPlace): Promise<LogState[]>;
  /** @throws Problem `not_found` naming the logs that there are, `guest_failed` for a file that is none */
  tail(place: LogPlace, name: string, lines: number): Promise<{ lines: string[]; isCut: boolean }>;
  /** Sets aside what has grown too large, and makes the database begin new files. Repeatable; never throws. */
  rotate(place: { group: LogsGroup | undefined; order: DatabaseOrder }, op: Operation): Promise<void>;
}

export interface LogsParts {
  runtime: Pick<ContainerRuntime, 'logs'>;
  log: Logger;
}

/** Folder and name of a source's file on the guest; undefined for what the container prints. */
function locate(source: LogSource, { container, dataFolder }: DatabaseOrder) {
  if (source.path === undefined) return undefined;
  const path = posix.normalize(source.path);
  for (const mount of container.mounts) {
    const target = mount.target.endsWith('/') ? mount.target : `${mount.target}/`;
    if (mount.kind !== 'data' || !path.startsWith(target)) continue;
    const folder = posix.relative(dataFolder, inside(dataFolder, mount.folder));
    const below = posix.join(folder, posix.dirname(path.slice(target.length)));
    return { root: dataFolder, below, name: posix.basename(path) };
  }
  throw new Problem(
    'guest_failed',
    `Log ${source.name} is at ${source.path}, which is on none of the data volume's mounts.`,
  );
}

type Place = NonNullable<ReturnType<typeof locate>>;

async function within<T>({ root, below }: Place, work: (folder: SafeFolder) => Promise<T>): Promise<T | undefined> {
  await using folder = await openSafeFolder(root, below);
  return folder && (await work(folder));
}

/** Undefined where there is no such file. */
async function sizeOf(folder: SafeFolder, name: string): Promise<number | undefined> {
  await using file = await folder.open(name);
  return file && (await file.stat()).size;
}

async function lastBytes(folder: SafeFolder, name: string, most: number): Promise<Buffer> {
  await using file = await folder.open(name);
  if (!file || most <= 0) return Buffer.alloc(0);
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(size, most));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
  return buffer.subarray(0, bytesRead);
}

/** @param isWhole whether the text begins where the log does */
function linesOf(bytes: Buffer, isWhole: boolean, most: number): { lines: string[]; isCut: boolean } {
  const text = bytes.toString('utf8');
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  // The first of several has lost its beginning.
  if (!isWhole && lines.length > 1) lines.shift();
  if (lines.length === 1 && lines[0] === '') return { lines: [], isCut: false };
  return { lines: lines.slice(-most), isCut: !isWhole && lines.length < most };
}

export function createLogs({ runtime, log }: LogsParts): Logs {
  /** Files that were set aside, and the database may still be writing to. An earlier process of the agent may have left some. */
  let isReopenDue = true;
  let lastFault: string | undefined;

  const old = (name: string, age: number): string => (age === 0 ? name : `${name}.${age}`);

  async function rotateOne(place: Place, most: number): Promise<void> {
    await within(place, async (folder) => {
      const { name } = place;
      if (((await sizeOf(folder, name)) ?? 0) > most / (OLD_FILES + 1)) {
        for (let age = OLD_FILES; age > 0; age -= 1) await folder.rename(old(name, age - 1), old(name, age));
        isReopenDue = true;
      }
    });
  }

  /** A database that writes faster than it is looked at makes files that are larger than their share. */
  async function drop(place: Place, most: number): Promise<void> {
    await within(place, async (folder) => {
      let bytes = 0;
      for (let age = 0; age <= OLD_FILES; age += 1) {
        const name = old(place.name, age);
        bytes += (await sizeOf(folder, name)) ?? 0;
        if (age === 0 || bytes <= most) continue;
        await folder.remove(name);
      }
    });
  }

  async function rotateAll(group: LogsGroup, order: DatabaseOrder, op: Operation): Promise<void> {
    const most = mostBytesOf(order.spec.volume.sizeGib);
    const places = group.sources().flatMap((source) => locate(source, order) ?? []);
    for (const place of places) await rotateOne(place, most);
    if (isReopenDue) await group.reopen(op);
    isReopenDue = false;
    for (const place of places) await drop(place, most);
  }

  return {
    list: ({ group, order }) =>
      Promise.all(
        group.sources().map(async (source) => {
          const place = locate(source, order);
          const sizeBytes = place && (await within(place, (folder) => sizeOf(folder, place.name)));
          return {
            name: source.name,
            isEnabled: !source.switch || (order.spec.logs ?? []).includes(source.name),
            isSwitchable: source.switch !== undefined,
            sizeBytes: sizeBytes ?? 0,
          };
        }),
      ),
    async tail({ group, order }, name, lines) {
      const sources = group.sources();
      const source = sources.find((one) => one.name === name);
      if (!source) {
        const known = sources.map((one) => one.name).join(', ');
        throw new Problem('not_found', `There is no log ${JSON.stringify(name.slice(0, 80))}; known: ${known}.`);
      }
      const most = Math.min(Math.max(1, Math.trunc(lines)), MOST_LINES);
      const place = locate(source, order);
      if (!place) {
        const printed = Buffer.from(await runtime.logs(DATABASE, { tail: most }));
        return linesOf(printed.subarray(-TAIL_BYTES), printed.length <= TAIL_BYTES, most);
      }
      const found = await within(place, async (folder) => {
        const newest = await lastBytes(folder, place.name, TAIL_BYTES);
        // Just after a rotation the last lines are in the file that was set aside.
        const older = await lastBytes(folder, old(place.name, 1), TAIL_BYTES - newest.length);
        return Buffer.concat([older, newest]);
      });
      const bytes = found ?? Buffer.alloc(0);
      return linesOf(bytes, bytes.length < TAIL_BYTES, most);
    },
    async rotate({ group, order }, op) {
      if (!group) return;
      try {
        await rotateAll(group, order, op);
        lastFault = undefined;
      } catch (error) {
        const { detail } = toProblem(error);
        // It is looked at every other second.
        if (detail !== lastFault) log.warn({ error }, 'the logs could not be kept small');
        lastFault = detail;
      }
    },
  };
}
