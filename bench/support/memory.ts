import { readlinkSync } from 'node:fs';
import { memoryKib, ofEachProcess, readProc } from './process.ts';

/** What the processes around a database are there for. */
export const ROLES = ['database', 'agent', 'engine', 'rest'] as const;
export type Role = (typeof ROLES)[number];
/** Proportional memory by role, MiB. */
export type Weights = Record<Role, number>;

/** By the kernel's name of the process: 15 letters of the program's, and Node's own word for its first thread. */
const ROLE_OF: Readonly<Record<string, Role>> = {
  mysqld: 'database',
  node: 'agent',
  MainThread: 'agent',
  dockerd: 'engine',
  containerd: 'engine',
  'containerd-shim': 'engine',
};

interface Process {
  pid: number;
  parent: number;
  name: string;
}

function processes(): Process[] {
  return ofEachProcess((pid) => {
    const stat = readProc(pid, 'stat');
    const nameEnd = stat.lastIndexOf(')');
    const parent = Number(stat.slice(nameEnd + 2).split(' ')[1]);
    return { pid, parent, name: stat.slice(stat.indexOf('(') + 1, nameEnd) };
  });
}

/** The shim of a container: the parent of its first process. */
export function shimOf(containerPid: number): number {
  const parent = processes().find(({ pid }) => pid === containerPid)?.parent;
  if (parent === undefined) throw new Error(`process ${containerPid} has ended`);
  return parent;
}

/** What these processes weigh with all below them: a tree, since a container in a guest has a process namespace of its own. */
export function weightsBelow(...roots: number[]): Weights {
  const all = processes();
  const within = new Set(roots);
  for (let before = 0; before !== within.size; ) {
    before = within.size;
    for (const { pid, parent } of all) if (within.has(parent)) within.add(pid);
  }
  const weights: Weights = { database: 0, agent: 0, engine: 0, rest: 0 };
  for (const { pid, name } of all) {
    try {
      if (within.has(pid)) weights[ROLE_OF[name] ?? 'rest'] += memoryKib(pid) / 1024;
    } catch {} // ended meanwhile
  }
  return weights;
}

/** What the engine of this machine weighs without its shims, MiB; those of guests live in other process namespaces. */
export function engineOfThisMachine(): number {
  const ours = readlinkSync('/proc/self/ns/pid');
  const weights = ofEachProcess((pid) => {
    const isOurs = readlinkSync(`/proc/${pid}/ns/pid`) === ours;
    const isEngine = ['dockerd', 'containerd'].includes(readProc(pid, 'comm').trim());
    return isOurs && isEngine ? memoryKib(pid) / 1024 : 0;
  });
  return weights.reduce((sum, weight) => sum + weight, 0);
}
