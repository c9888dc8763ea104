import { availableParallelism } from 'node:os';
import { type ContainerCreate, type ContainerRuntime, type ContainerState, Problem } from '@coffer/core';
import {
  type ContainerConfig,
  type ContainerInfo,
  type ContainerStatus,
  createEngine,
  type EngineOptions,
} from '@coffer/core/engine';

/** The engine's own log of a container, in bytes per file; it keeps two files. */
const LOG_BYTES = 10 * 1024 * 1024;

/** A container runtime over the engine's HTTP API; its containers have no capability, and gain no privilege, that is not asked for. */
export function createDockerRuntime(options: EngineOptions = {}): ContainerRuntime {
  const engine = createEngine(options);

  return {
    ping: (signal) => engine.ping(signal),
    hasImage: async (image) => (await engine.images.inspect(image)) !== undefined,
    loadImage: async (archivePath, signal) => {
      await engine.images.load(archivePath, { signal });
    },
    pullImage: (image, pull = {}) => engine.images.pull(image, pull),

    async create(spec) {
      const existing = await engine.containers.inspect(spec.name);
      if (existing) return adopt(existing, spec);
      try {
        return await engine.containers.create(spec.name, configOf(spec));
      } catch (error) {
        // Somebody was faster, perhaps our own earlier life whose answer was lost.
        const now =
          error instanceof Problem && error.code === 'conflict'
            ? await engine.containers.inspect(spec.name)
            : undefined;
        if (now) return adopt(now, spec);
        throw error;
      }
    },

    start: (name) => engine.containers.start(name),
    stop: (name, stop) => engine.containers.stop(name, stop),
    kill: (name, signal) => engine.containers.kill(name, signal),
    remove: (name) => engine.containers.remove(name),

    async ended(name, signal) {
      try {
        await engine.containers.wait(name, { signal });
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'not_found') throw error;
      }
    },
    async inspect(name) {
      const info = await engine.containers.inspect(name);
      return info && stateOf(info);
    },
    async list(labels) {
      const summaries = await engine.containers.list({
        label: Object.entries(labels).map(([key, value]) => `${key}=${value}`),
      });
      // One may go between the two calls: what is gone is not listed.
      const infos = await Promise.all(summaries.map(({ Id }) => engine.containers.inspect(Id)));
      return infos.filter((info) => info !== undefined).map(stateOf);
    },

    exec: (name, command, exec = {}) => engine.containers.exec(name, { command, ...exec }),
    logs: (name, logs = {}) => engine.containers.logText(name, { tail: logs.tail ?? 100 }),
  };
}

function adopt(existing: ContainerInfo, spec: ContainerCreate): string {
  const labels = existing.Config.Labels ?? {};
  const differs = Object.entries(spec.labels ?? {}).find(([key, value]) => labels[key] !== value);
  if (!differs) return existing.Id;
  const [key, value] = differs;
  throw new Problem(
    'conflict',
    `Container ${spec.name} exists with label ${key}=${labels[key] ?? '(none)'} where ${value} is wanted; remove it first.`,
  );
}

function configOf(spec: ContainerCreate): ContainerConfig {
  const config: ContainerConfig = {
    Image: spec.image,
    Env: Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: spec.labels ?? {},
    HostConfig: {
      NetworkMode: spec.network,
      Binds: (spec.binds ?? []).map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`),
      Tmpfs: spec.tmpfs ?? {},
      CapDrop: ['ALL'],
      CapAdd: spec.capabilities ?? [],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: spec.readOnlyRoot ?? false,
      Init: spec.init ?? false,
      RestartPolicy: { Name: spec.restart ?? 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': String(LOG_BYTES), 'max-file': '2' } },
      ...(spec.memoryBytes !== undefined && { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
      // The engine refuses more processors than there are.
      ...(spec.cpus !== undefined && { NanoCpus: Math.round(Math.min(spec.cpus, availableParallelism()) * 1e9) }),
      ...(spec.pidsLimit !== undefined && { PidsLimit: spec.pidsLimit }),
      ...(spec.cgroupParent !== undefined && { CgroupParent: spec.cgroupParent }),
    },
    ...(spec.args && { Cmd: spec.args }),
    ...(spec.entrypoint && { Entrypoint: spec.entrypoint }),
    ...(spec.stopSignal !== undefined && { StopSignal: spec.stopSignal }),
    ...(spec.stopTimeoutMs !== undefined && { StopTimeout: Math.ceil(spec.stopTimeoutMs / 1000) }),
  };
  return config;
}

const STATES: Readonly<Record<ContainerStatus, ContainerState['state']>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  // Between two lives: not serving, and the engine is at it.
  restarting: 'exited',
  removing: 'dead',
  exited: 'exited',
  dead: 'dead',
};

function stateOf(info: ContainerInfo): ContainerState {
  const { Status, ExitCode, OOMKilled, StartedAt, Pid } = info.State;
  const state = STATES[Status];
  const startedAt = new Date(StartedAt);
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    image: info.Config.Image,
    state,
    oomKilled: OOMKilled,
    labels: info.Config.Labels ?? {},
    ...(state === 'exited' && { exitCode: ExitCode }),
    // The engine writes the year 1 for "never".
    ...(startedAt.getUTCFullYear() > 1 && { startedAt }),
    ...(Pid > 0 && { pid: Pid }),
  };
}
