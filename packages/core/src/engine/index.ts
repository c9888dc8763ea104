import { absentIsFine, absentIsUndefined, createContainers, type EngineContainers } from './containers.ts';
import { createEngineHttp, type EngineOptions, EngineProblem, escapePath, jsonLines } from './http.ts';
import { createImages, type EngineImages } from './images.ts';
import type {
  EndpointConfig,
  EngineEvent,
  EngineInfo,
  EngineVersion,
  Filters,
  NetworkConfig,
  NetworkInfo,
  VolumeInfo,
} from './types.ts';

export type { EngineContainers, LogsOptions } from './containers.ts';
export type { ExecRun, ExecSession, ExecStart } from './exec.ts';
export { collect, demux, type OutputChunk } from './frames.ts';
export { type EngineOptions, EngineProblem } from './http.ts';
export { type EngineImages, type PullOptions, splitReference } from './images.ts';
export type * from './types.ts';

export interface EngineNetworks {
  /** @throws Problem `conflict` (the name is taken), `forbidden` (its subnet overlaps another). @returns the id. */
  create(config: NetworkConfig): Promise<string>;
  inspect(network: string): Promise<NetworkInfo | undefined>;
  list(filters?: Filters): Promise<NetworkInfo[]>;
  connect(network: string, container: string, endpoint?: EndpointConfig): Promise<void>;
  /** Repeatable: a container that is not plugged in is success. */
  disconnect(network: string, container: string): Promise<void>;
  /** Repeatable: nothing there is success. @throws Problem `forbidden` while containers are plugged in. */
  remove(network: string): Promise<void>;
}

export interface EngineVolumes {
  /** Repeatable: an existing volume of that name and driver is returned. */
  create(
    name: string,
    options?: {
      driver?: string;
      labels?: Readonly<Record<string, string>>;
      driverOptions?: Readonly<Record<string, string>>;
    },
  ): Promise<VolumeInfo>;
  inspect(name: string): Promise<VolumeInfo | undefined>;
  list(filters?: Filters): Promise<VolumeInfo[]>;
  /** Repeatable: nothing there is success. @throws Problem `conflict` while a container has it. */
  remove(name: string): Promise<void>;
}

/** A container engine, spoken to over its HTTP API. Every failure is a Problem; a dead engine is `unavailable`. */
export interface Engine {
  readonly endpoint: string;
  readonly containers: EngineContainers;
  readonly images: EngineImages;
  readonly networks: EngineNetworks;
  readonly volumes: EngineVolumes;
  ping(signal?: AbortSignal): Promise<void>;
  info(): Promise<EngineInfo>;
  version(): Promise<EngineVersion>;
  /** The API version spoken: the smaller of both maxima. */
  apiVersion(): Promise<string>;
  /** What happens from now on, until the signal fires or the engine ends. */
  events(options: { filters?: Filters; since?: number; signal: AbortSignal }): AsyncGenerator<EngineEvent>;
}

/** No I/O until the first call, nothing to close. */
export function createEngine(options: EngineOptions = {}): Engine {
  const http = createEngineHttp(options);
  const network = (name: string, rest = ''): string => `/networks/${escapePath(name)}${rest}`;

  return {
    endpoint: http.endpoint,
    containers: createContainers(http),
    images: createImages(http),

    networks: {
      async create(config) {
        const { Id } = await http.json<{ Id: string }>({
          method: 'POST',
          path: '/networks/create',
          body: { CheckDuplicate: true, ...config },
        });
        return Id;
      },
      inspect: (name) => absentIsUndefined(http.json<NetworkInfo>({ path: network(name) })),
      list: (filters) => http.json<NetworkInfo[]>({ path: '/networks', query: { filters } }),
      async connect(name, container, endpoint) {
        await http.status({
          method: 'POST',
          path: network(name, '/connect'),
          body: { Container: container, EndpointConfig: endpoint },
        });
      },
      async disconnect(name, container) {
        try {
          const body = { Container: container, Force: true };
          await absentIsFine(http.status({ method: 'POST', path: network(name, '/disconnect'), body }));
        } catch (error) {
          // The engine has no code of its own for this: a 500 with a sentence.
          if (!(error instanceof EngineProblem) || !error.detail.includes('is not connected to')) throw error;
        }
      },
      remove: (name) => absentIsFine(http.status({ method: 'DELETE', path: network(name) })),
    },

    volumes: {
      create: (name, { driver, labels, driverOptions } = {}) =>
        http.json<VolumeInfo>({
          method: 'POST',
          path: '/volumes/create',
          body: { Name: name, Driver: driver, Labels: labels, DriverOpts: driverOptions },
        }),
      inspect: (name) => absentIsUndefined(http.json<VolumeInfo>({ path: `/volumes/${escapePath(name)}` })),
      async list(filters) {
        const { Volumes } = await http.json<{ Volumes: VolumeInfo[] | null }>({ path: '/volumes', query: { filters } });
        return Volumes ?? [];
      },
      remove: (name) => absentIsFine(http.status({ method: 'DELETE', path: `/volumes/${escapePath(name)}` })),
    },

    async ping(signal) {
      await http.json({ path: '/version', signal, timeoutMs: 10_000 });
    },
    info: () => http.json<EngineInfo>({ path: '/info' }),
    version: () => http.json<EngineVersion>({ path: '/version' }),
    apiVersion: () => http.apiVersion(),
    async *events({ filters, since, signal }) {
      const message = await http.open({ path: '/events', query: { filters, since }, signal, timeoutMs: 0 });
      try {
        for await (const line of jsonLines(message)) yield line as EngineEvent;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}
