import { Problem } from '@coffer/core';
import type { LogState } from '@coffer/core/rpc';
import type { InstanceRow } from '../store/instances.ts';
import type { Store } from '../store/store.ts';
import { type Actor, quoted, reach } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { findReadyInstance } from './guest-objects.ts';
import { configureJob } from './job-inputs.ts';

export interface LogRequest {
  name: string;
  enable: boolean;
  disable: boolean;
  publish: boolean;
  discard: boolean;
}

/** A log with whose it is. */
export interface LogDetails {
  instanceId: string;
  datastoreName: string;
  log: LogState;
}

export type LogService = ReturnType<typeof createLogService>;

/** A guest is hostile: only what a list of logs may say is believed. */
function isLog(log: unknown): boolean {
  const { name, isEnabled, isSwitchable, sizeBytes } = Object(log);
  return (
    typeof name === 'string' &&
    typeof isEnabled === 'boolean' &&
    typeof isSwitchable === 'boolean' &&
    Number.isSafeInteger(sizeBytes) &&
    sizeBytes >= 0
  );
}

const notOne = (what: string): Problem =>
  new Problem('guest_failed', `The guest answered with something that is no ${what}.`);

/** Logs of an instance's database. */
export function createLogService({ store, askGuest }: { store: Store; askGuest: AskGuest }) {
  async function all({ id }: InstanceRow): Promise<LogState[]> {
    const { logs } = await askGuest(id, 'log_list', {});
    if (!Array.isArray(logs) || !logs.every(isLog)) throw notOne('list of logs');
    return logs.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function find(row: InstanceRow, name: string): Promise<LogState> {
    const logs = await all(row);
    const found = logs.find((log) => log.name === name);
    if (!found)
      throw new Problem(
        'guest_failed',
        `Instance ${row.id} has no log ${quoted(name)}; it has ${logs.map((log) => log.name).join(', ')}.`,
      );
    return found;
  }

  /** That the log is written from now on, or no more; the row and the job that does it in one transaction. */
  async function turn(actor: Actor, row: InstanceRow, name: string, isWanted: boolean): Promise<void> {
    const projectId = reach(actor);
    await store.transaction(async (tx) => {
      const { instance } = await tx.instances.begin(
        row.id,
        {
          from: ['none', 'updating', 'restart_required'],
          to: 'updating',
          ...(projectId !== undefined && { projectId }),
        },
        configureJob(),
      );
      const others = instance.logs.filter((one) => one !== name);
      await tx.instances.update(row.id, { logs: isWanted ? [...others, name] : others });
    });
  }

  return {
    /** Those that can be switched; administrators see the others too. */
    async list(actor: Actor, id: string): Promise<LogDetails[]> {
      const { row } = await findReadyInstance(store, actor, id, 'logs');
      const shown = (await all(row)).filter(({ isSwitchable }) => actor.isAdmin || isSwitchable);
      return shown.map((log) => ({ instanceId: row.id, datastoreName: row.datastoreName, log }));
    },

    /** @returns the log as it will be. @throws Problem `bad_request`; `guest_failed` for an unknown log; `not_supported`. */
    async change(actor: Actor, id: string, request: LogRequest): Promise<LogDetails> {
      const { name, enable, disable, publish, discard } = request;
      if (enable && disable)
        throw new Problem('bad_request', 'A log cannot be enabled and disabled at once; give one.');
      const { row } = await findReadyInstance(store, actor, id, 'logs');
      const log = await find(row, name);
      if (!log.isSwitchable && (enable || disable || !actor.isAdmin))
        throw new Problem(
          'bad_request',
          `Log ${quoted(name)} is always written and can only be read, at …/log/${encodeURIComponent(name)}.`,
        );
      if (publish || discard)
        throw new Problem('not_supported', 'Logs are not published to an object store; read them with …/log/{log}.');
      const isWanted = enable || (!disable && log.isEnabled);
      const isKnown = row.logs.includes(name);
      if ((enable || disable) && (isWanted !== log.isEnabled || isWanted !== isKnown))
        await turn(actor, row, name, isWanted);
      return { instanceId: row.id, datastoreName: row.datastoreName, log: { ...log, isEnabled: isWanted } };
    },

    /** The last lines of any log, oldest first. */
    async tail(actor: Actor, id: string, name: string, lines: number): Promise<{ lines: string[]; isCut: boolean }> {
      const { row } = await findReadyInstance(store, actor, id, 'logs');
      await find(row, name);
      const said = await askGuest(row.id, 'log_tail', { name, lines });
      if (!Array.isArray(said.lines) || !said.lines.every((line) => typeof line === 'string')) throw notOne('log');
      return { lines: said.lines, isCut: said.isCut === true };
    },
  };
}
