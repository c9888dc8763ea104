/** A file that a container gets in a tmpfs before its first process runs. For what must not lie in arguments, environment or layers. */
export interface ContainerFile {
  /** Absolute path inside the container; its folder is a read-only mount of a tmpfs. */
  path: string;
  content: string;
  /** Octal permissions, e.g. 0o400. Default 0o444. */
  mode?: number;
  /** Numeric owner inside the container. Default 0. */
  uid?: number;
}

export type ContainerMount =
  /** A folder of the instance's data volume, made when missing and owned by `uid`. */
  | { kind: 'data'; folder: string; target: string; uid?: number }
  /** Memory only; gone with the container. */
  | { kind: 'tmpfs'; target: string; sizeBytes: number; mode?: number; uid?: number }
  /** A folder shared between the database container and the agent for its sockets. */
  | { kind: 'run'; target: string; uid?: number };

/** What a driver asks to be run; the agent adds network, limits, labels and capabilities of its own choosing. */
export interface ContainerSpec {
  image: string;
  /** Arguments given to the image's entrypoint. No secret. */
  args: readonly string[];
  /** Environment. No secret: `docker inspect` shows it. */
  env: Readonly<Record<string, string>>;
  files: readonly ContainerFile[];
  mounts: readonly ContainerMount[];
  /** Linux capabilities on top of none. */
  capabilities: readonly string[];
  readOnlyRoot: boolean;
  stopSignal: string;
  stopTimeoutMs: number;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** Bytes for standard input; the way in for secrets. */
  stdin?: string;
  /** User inside the container, name or uid. */
  user?: string;
  signal?: AbortSignal;
  /** Output beyond this many bytes is cut. Default 1 MiB each. */
  maxOutputBytes?: number;
}

/** Facts about one container. */
export interface ContainerState {
  id: string;
  name: string;
  image: string;
  state: 'created' | 'running' | 'paused' | 'exited' | 'dead';
  /** Of the last run, once it has ended. */
  exitCode?: number;
  oomKilled: boolean;
  startedAt?: Date;
  labels: Readonly<Record<string, string>>;
  /** Process id on the host of the engine, while running. */
  pid?: number;
}

/** A container with everything decided: what the agent hands to the runtime. */
export interface ContainerCreate {
  name: string;
  image: string;
  args?: readonly string[];
  entrypoint?: readonly string[];
  env?: Readonly<Record<string, string>>;
  labels?: Readonly<Record<string, string>>;
  binds?: readonly { source: string; target: string; readOnly?: boolean }[];
  tmpfs?: Readonly<Record<string, string>>;
  /** `none`, or `container:<name>` to join the network of another. */
  network: string;
  capabilities?: readonly string[];
  readOnlyRoot?: boolean;
  /** An init as process 1, so that a stray child never becomes the database's own (PostgreSQL takes it for a crashed backend). */
  init?: boolean;
  stopSignal?: string;
  stopTimeoutMs?: number;
  memoryBytes?: number;
  cpus?: number;
  pidsLimit?: number;
  cgroupParent?: string;
  restart?: 'no' | 'on-failure' | 'unless-stopped';
}

/** What starts, stops and looks into containers. One fake, one real: the engine's HTTP API. */
export interface ContainerRuntime {
  /** @throws Problem `unavailable` when the engine does not answer. */
  ping(signal?: AbortSignal): Promise<void>;
  hasImage(image: string): Promise<boolean>;
  /** Loads an archive as `docker save` wrote it. */
  loadImage(archivePath: string, signal?: AbortSignal): Promise<void>;
  /** @throws Problem `unavailable` (registry does not answer) or `not_found` (no such image, no access). */
  pullImage(
    image: string,
    options?: { credentials?: { username: string; password: string }; signal?: AbortSignal },
  ): Promise<void>;
  /** Creates without starting. An existing container of that name with the same labels is returned as it is. */
  create(spec: ContainerCreate): Promise<string>;
  /** Repeatable: a running container stays. */
  start(name: string): Promise<void>;
  /** Repeatable: a stopped or missing container is success. */
  stop(name: string, options?: { timeoutMs?: number }): Promise<void>;
  kill(name: string, signal: string): Promise<void>;
  /** Repeatable: nothing there is success. Takes its anonymous volumes along. */
  remove(name: string): Promise<void>;
  /** Until it does not run; at once where there is none. @throws the signal's reason, or Problem `unavailable`. */
  ended(name: string, signal: AbortSignal): Promise<void>;
  inspect(name: string): Promise<ContainerState | undefined>;
  list(labels: Readonly<Record<string, string>>): Promise<ContainerState[]>;
  exec(name: string, command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** The last lines of the container's output, both streams. */
  logs(name: string, options?: { tail?: number }): Promise<string>;
}
