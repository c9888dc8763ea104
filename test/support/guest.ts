import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ContainerInfo, createEngine, type Engine } from '@coffer/core/engine';

const run = promisify(execFile);
const outer = createEngine();

/** The guest of an instance on the docker cloud, seen from the machine below it: where faults are made. */
export interface Guest {
  /** Name of its container on the machine's engine. */
  readonly name: string;
  /** Runs a shell line in it. @returns what it printed. @throws Error with what it said when it fails. */
  shell(line: string): Promise<string>;
  /** The container of this name on the guest's own engine. */
  nested(container: string): Promise<ContainerInfo | undefined>;
  engine(): Promise<Engine>;
  /** The last lines of its agent and its engine. */
  log(): Promise<string>;
  /** `docker <verb> <guest>`: kill, restart, pause, unpause. */
  docker(verb: 'kill' | 'restart' | 'pause' | 'unpause'): Promise<void>;
}

export async function guestOf(instanceId: string): Promise<Guest> {
  const found = await outer.containers.list({ label: ['coffer.kind=server', `coffer.key=${instanceId}`] });
  const name = found[0]?.Names[0]?.slice(1);
  if (name === undefined) throw new Error(`instance ${instanceId} has no guest on this machine`);

  async function engine(): Promise<Engine> {
    const pid = (await outer.containers.inspect(name ?? ''))?.State.Pid;
    return createEngine({ endpoint: `unix:///proc/${pid}/root/run/docker.sock` });
  }

  return {
    name,
    engine,
    log: () => outer.containers.logText(name, { tail: 200 }),
    async shell(line) {
      const { exitCode, stdout, stderr } = await outer.containers.exec(name, { command: ['bash', '-c', line] });
      if (exitCode !== 0) throw new Error(`${line}: ${exitCode} ${stderr}`);
      return stdout.trim();
    },
    nested: async (container) => (await engine()).containers.inspect(container),
    async docker(verb) {
      await run('docker', [verb, name]);
    },
  };
}
