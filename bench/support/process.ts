import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_OPTIONS } from '../../scripts/node-options.mjs';

/** Members of any of a union's types. */
type KeyOf<T> = T extends unknown ? keyof T : never;

/** A program of a bench in a process of its own, which speaks in messages. */
export interface Worker<To extends object, From extends object> {
  readonly pid: number;
  send(message: To): void;
  /** The next message that has this member. Rejects when the process ends before. */
  next<K extends KeyOf<From>>(member: K): Promise<Extract<From, Record<K, unknown>>>;
  onMessage(listener: (message: From) => void): void;
  /** Ends it: by this message if it knows one, else by hanging up. */
  end(farewell?: To): Promise<void>;
}

/** @param profileDir where node writes a CPU profile when the process ends; none without. */
export function startWorker<To extends object, From extends object>(
  file: string,
  profileDir?: string,
): Worker<To, From> {
  const child: ChildProcess = fork(join(import.meta.dirname, file), {
    execArgv: [...NODE_OPTIONS, ...(profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`])],
  });
  const listeners = new Set<(message: From) => void>();
  child.on('message', (message) => {
    for (const listener of listeners) listener(message as From);
  });
  return {
    pid: child.pid ?? 0,
    send: (message) => void child.send(message),
    next: (member) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error(`${file} ended`));
        const has = (message: From): message is Extract<From, Record<typeof member, unknown>> => member in message;
        const listener = (message: From) => {
          if (!has(message)) return;
          listeners.delete(listener);
          child.off('exit', ended);
          resolve(message);
        };
        child.once('exit', ended);
        listeners.add(listener);
      }),
    onMessage: (listener) => void listeners.add(listener),
    async end(farewell) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      if (farewell === undefined) child.disconnect();
      else child.send(farewell);
      await ended;
    },
  };
}

/** @param file of the process, below /proc/<pid>. */
export const readProc = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** What `read` finds of each process; those that have ended meanwhile are left out. */
export function ofEachProcess<T>(read: (pid: number) => T): T[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid) => {
    try {
      return [read(Number(pid))];
    } catch {
      return [];
    }
  });
}

const TICKS_PER_SECOND = 100;

/** Processor time of a process since it began, ms. */
export function cpuMs(pid: number): number {
  const stat = readProc(pid, 'stat');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (((user ?? 0) + (system ?? 0)) * 1000) / TICKS_PER_SECOND;
}

/** Proportional memory of a process, KiB: what it shares is divided among those that have it in use. */
export function memoryKib(pid: number): number {
  const rollup = readProc(pid, 'smaps_rollup');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
}

/** Proportional memory of a process, MiB. */
export const memoryMib = (pid: number): number => Math.round(memoryKib(pid) / 1024);

/** Processor time of all processes of this name that run, ms; those that ended in between are not in it. */
export const cpuMsOf = (name: string): number =>
  ofEachProcess((pid) => (readProc(pid, 'comm').trim() === name ? cpuMs(pid) : 0)).reduce((sum, ms) => sum + ms, 0);
