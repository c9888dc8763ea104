import { Problem } from '../problem.ts';
import type { ContainerCreate, ContainerRuntime, ContainerState, ExecOptions, ExecResult } from '../runtime.ts';

/** One call, as it was made. Standard input is kept apart: it is the way in for secrets, all else is visible to others. */
export interface RuntimeCall {
  method: keyof ContainerRuntime;
  args: readonly unknown[];
  stdin?: string;
}

export interface FakeRuntimeOptions {
  /** Images that the engine has from the start. */
  images?: readonly string[];
  /** Path of an archive to the references that it holds. */
  archives?: Readonly<Record<string, readonly string[]>>;
  /** Images that a pull finds. */
  registry?: readonly string[];
  /** What a program answers. Default: exit code 0, no output. */
  exec?: (name: string, command: readonly string[], options: ExecOptions) => ExecResult | Promise<ExecResult>;
  /** Time of starts. Default: the epoch, then a second later with each start. */
  now?: () => Date;
}

/** A runtime without containers: keeps their states, records every call, lets a test kill what runs. */
export interface FakeRuntime extends ContainerRuntime {
  readonly calls: readonly RuntimeCall[];
  readonly images: Set<string>;
  /** What each container was created from. */
  readonly created: ReadonlyMap<string, ContainerCreate>;
  /** The container ends by itself. */
  die(name: string, exitCode: number, options?: { oomKilled?: boolean }): void;
  /** The engine stops answering, or answers again. */
  setReachable(isReachable: boolean): void;
  /** All that others on the machine can see of the calls (names, arguments, environment, labels): no secret may be in it. */
  visible(): string;
}

export function createFakeRuntime(options: FakeRuntimeOptions = {}): FakeRuntime {
  const images = new Set(options.images);
  const created = new Map<string, ContainerCreate>();
  const states = new Map<string, ContainerState>();
  const calls: RuntimeCall[] = [];
  const watchers = new Set<() => void>();
  let isReachable = true;
  let made = 0;
  let starts = 0;
  const now = options.now ?? (() => new Date(++starts * 1000));

  function record(method: RuntimeCall['method'], args: readonly unknown[], stdin?: string): void {
    calls.push({ method, args, ...(stdin !== undefined && { stdin }) });
    if (!isReachable) throw new Problem('unavailable', 'The container engine does not answer.');
  }

  function existing(name: string): ContainerState {
    const state = states.get(name);
    if (!state) throw new Problem('not_found', `No such container: ${name}`);
    return state;
  }

  function running(name: string): ContainerState {
    const state = existing(name);
    if (state.state !== 'running') throw new Problem('conflict', `Container ${name} is not running.`);
    return state;
  }

  function end(name: string, exitCode: number, oomKilled = false): void {
    const { pid: _, ...state } = existing(name);
    states.set(name, { ...state, state: 'exited', exitCode, oomKilled });
    // Whoever joined its network has lost it, and goes on running, as with a real engine.
    for (const look of watchers) look();
  }

  return {
    calls,
    images,
    created,
    die: (name, exitCode, { oomKilled } = {}) => end(name, exitCode, oomKilled),
    setReachable(value) {
      isReachable = value;
    },
    visible: () => JSON.stringify(calls.map(({ method, args }) => ({ method, args }))),

    async ping() {
      record('ping', []);
    },
    async hasImage(image) {
      record('hasImage', [image]);
      return images.has(image);
    },
    async loadImage(archivePath) {
      record('loadImage', [archivePath]);
      const held = options.archives?.[archivePath];
      if (!held)
        throw new Problem('bad_request', `The container engine could not load ${archivePath}: no such archive`);
      for (const image of held) images.add(image);
    },
    async pullImage(image, pull) {
      record('pullImage', [image, { hasCredentials: pull?.credentials !== undefined }]);
      if (!options.registry)
        throw new Problem('unavailable', `Image ${image} cannot be pulled now: no registry answers`);
      if (!options.registry.includes(image))
        throw new Problem('not_found', `Image ${image} cannot be pulled: no such image`);
      images.add(image);
    },
    async create(spec) {
      record('create', [spec]);
      const there = states.get(spec.name);
      if (there) {
        const differs = Object.entries(spec.labels ?? {}).some(([key, value]) => there.labels[key] !== value);
        if (differs) throw new Problem('conflict', `Container ${spec.name} exists with other labels; remove it first.`);
        return there.id;
      }
      if (!images.has(spec.image)) throw new Problem('not_found', `No such image: ${spec.image}`);
      const id = `container-${++made}`;
      created.set(spec.name, spec);
      states.set(spec.name, {
        id,
        name: spec.name,
        image: spec.image,
        state: 'created',
        oomKilled: false,
        labels: spec.labels ?? {},
      });
      return id;
    },
    async start(name) {
      record('start', [name]);
      const state = existing(name);
      if (state.state === 'running') return;
      const network = created.get(name)?.network ?? 'none';
      if (network.startsWith('container:')) running(network.slice('container:'.length));
      const { exitCode: _, ...rest } = state;
      states.set(name, { ...rest, state: 'running', oomKilled: false, startedAt: now(), pid: 1000 + ++made });
    },
    async stop(name, stop) {
      record('stop', [name, stop]);
      if (states.get(name)?.state === 'running') end(name, 0);
    },
    async kill(name, signal) {
      record('kill', [name, signal]);
      running(name);
      end(name, 137);
    },
    async remove(name) {
      record('remove', [name]);
      states.delete(name);
      created.delete(name);
      for (const look of watchers) look();
    },
    async ended(name, signal) {
      record('ended', [name]);
      await new Promise<void>((resolve, reject) => {
        const settle = (outcome: () => void): void => {
          watchers.delete(look);
          signal.removeEventListener('abort', abort);
          outcome();
        };
        const abort = (): void => settle(() => reject(signal.reason));
        const look = (): void => {
          if (states.get(name)?.state !== 'running') settle(resolve);
        };
        watchers.add(look);
        signal.addEventListener('abort', abort, { once: true });
        if (signal.aborted) abort();
        else look();
      });
    },
    async inspect(name) {
      record('inspect', [name]);
      return states.get(name);
    },
    async list(labels) {
      record('list', [labels]);
      return [...states.values()].filter((state) =>
        Object.entries(labels).every(([key, value]) => state.labels[key] === value),
      );
    },
    async exec(name, command, exec = {}) {
      record('exec', [name, command, { user: exec.user }], exec.stdin);
      running(name);
      exec.signal?.throwIfAborted();
      return (await options.exec?.(name, command, exec)) ?? { exitCode: 0, stdout: '', stderr: '' };
    },
    async logs(name, logs) {
      record('logs', [name, logs]);
      existing(name);
      return '';
    },
  };
}
