import type { Duplex, Readable } from 'node:stream';
import { type ExecRun, type ExecSession, type ExecStart, runExec, startExec } from './exec.ts';
import { demux, type OutputChunk } from './frames.ts';
import { type EngineHttp, EngineProblem, escapePath } from './http.ts';
import type { ContainerConfig, ContainerInfo, ContainerProcesses, ContainerSummary, Filters } from './types.ts';

export interface EngineContainers {
  /** @throws Problem `not_found` (no such image), `conflict` (the name is taken). @returns the id. */
  create(name: string | undefined, config: ContainerConfig): Promise<string>;
  /** Repeatable: a running container stays. */
  start(container: string): Promise<void>;
  /** Repeatable: a stopped or missing container is success. @param timeoutMs before it is killed; default the container's own. */
  stop(container: string, options?: { timeoutMs?: number | undefined }): Promise<void>;
  restart(container: string, options?: { timeoutMs?: number | undefined }): Promise<void>;
  /** @throws Problem `conflict` when it does not run. */
  kill(container: string, signal?: string): Promise<void>;
  /** Freezes all its processes. @throws Problem `conflict` when it does not run, or is paused. */
  pause(container: string): Promise<void>;
  /** @throws Problem `conflict` or `internal` when it is not paused. */
  unpause(container: string): Promise<void>;
  /** Its processes with their arguments, as the engine's machine sees them. @throws Problem `conflict` when it does not run. */
  top(container: string): Promise<ContainerProcesses>;
  /** Kills it if it runs, takes its anonymous volumes along. Repeatable: nothing there is success; waits when a removal is under way. */
  remove(container: string): Promise<void>;
  inspect(container: string): Promise<ContainerInfo | undefined>;
  /** Stopped ones too. @param filters e.g. `{ label: ['a=b'] }`. */
  list(filters?: Filters): Promise<ContainerSummary[]>;
  /** Until it is not running; at once for a stopped one. @returns the exit code. */
  wait(container: string, options?: { signal?: AbortSignal }): Promise<number>;
  /** Output so far, or from now on with `follow`. */
  logs(container: string, options?: LogsOptions): AsyncGenerator<OutputChunk>;
  /** The last lines of both streams as one text. */
  logText(container: string, options?: { tail?: number | undefined }): Promise<string>;
  exec(container: string, options: ExecRun): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  execStart(container: string, options: ExecStart): Promise<ExecSession>;
  /** Input and output of the first process. `socket.end()` is its end of file. */
  attach(
    container: string,
    options?: { stdin?: boolean; signal?: AbortSignal },
  ): Promise<{ socket: Duplex; output: AsyncGenerator<OutputChunk> }>;
  /** Unpacks a tar below an existing folder. Never for secrets: a tmpfs mount at the path is written beneath, on disk. */
  putArchive(container: string, path: string, tar: Readable): Promise<void>;
}

export interface LogsOptions {
  /** Lines of the past. Default all. */
  tail?: number | undefined;
  follow?: boolean;
  signal?: AbortSignal;
}

export function createContainers(http: EngineHttp): EngineContainers {
  const at = (container: string, rest = ''): string => `/containers/${escapePath(container)}${rest}`;

  /** Stop takes as long as the container may; our own deadline must lie behind the engine's. */
  async function end(container: string, verb: 'stop' | 'restart', timeoutMs: number | undefined): Promise<void> {
    const seconds = timeoutMs === undefined ? undefined : Math.ceil(timeoutMs / 1000);
    await http.status({
      method: 'POST',
      path: at(container, `/${verb}`),
      query: { t: seconds },
      timeoutMs: (timeoutMs ?? 300_000) + 60_000,
    });
  }

  async function* logs(container: string, options: LogsOptions = {}): AsyncGenerator<OutputChunk> {
    const message = await http.open({
      path: at(container, '/logs'),
      query: { stdout: true, stderr: true, follow: options.follow ?? false, tail: options.tail },
      signal: options.signal,
    });
    yield* demux(message);
  }

  return {
    async create(name, config) {
      const { Id } = await http.json<{ Id: string }>({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body: config,
      });
      return Id;
    },
    async start(container) {
      await http.status({ method: 'POST', path: at(container, '/start') });
    },
    stop: (container, options) => absentIsFine(end(container, 'stop', options?.timeoutMs)),
    restart: (container, options) => end(container, 'restart', options?.timeoutMs),
    async kill(container, signal = 'SIGKILL') {
      await http.status({ method: 'POST', path: at(container, '/kill'), query: { signal } });
    },
    async pause(container) {
      await http.status({ method: 'POST', path: at(container, '/pause') });
    },
    async unpause(container) {
      await http.status({ method: 'POST', path: at(container, '/unpause') });
    },
    top: (container) => http.json<ContainerProcesses>({ path: at(container, '/top') }),
    async remove(container) {
      try {
        await absentIsFine(http.status({ method: 'DELETE', path: at(container), query: { force: true, v: true } }));
      } catch (error) {
        // "removal of container … is already in progress": somebody else's delete, ours when it ends.
        if (!(error instanceof EngineProblem) || error.engineStatus !== 409) throw error;
        await absentIsFine(
          http.json({ method: 'POST', path: at(container, '/wait'), query: { condition: 'removed' } }),
        );
      }
    },
    inspect: (container) => absentIsUndefined(http.json<ContainerInfo>({ path: at(container, '/json') })),
    list: (filters) => http.json<ContainerSummary[]>({ path: '/containers/json', query: { all: true, filters } }),
    async wait(container, options) {
      const { StatusCode } = await http.json<{ StatusCode: number }>({
        method: 'POST',
        path: at(container, '/wait'),
        signal: options?.signal,
        timeoutMs: 0,
      });
      return StatusCode;
    },
    logs,
    async logText(container, options) {
      let text = '';
      for await (const { data } of logs(container, { tail: options?.tail })) text += data.toString('utf8');
      return text;
    },
    exec: (container, options) => runExec(http, container, options),
    execStart: (container, options) => startExec(http, container, options),
    async attach(container, options = {}) {
      // No body: another engine with this API feeds the body of an attach to the container's input.
      const socket = await http.upgrade({
        method: 'POST',
        path: at(container, '/attach'),
        query: { stream: true, stdin: options.stdin ?? false, stdout: true, stderr: true },
        signal: options.signal,
      });
      return { socket, output: demux(socket) };
    },
    async putArchive(container, path, tar) {
      await http.status({
        method: 'PUT',
        path: at(container, '/archive'),
        query: { path },
        stream: tar,
        headers: { 'content-type': 'application/x-tar' },
      });
    },
  };
}

export async function absentIsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineProblem && error.engineStatus === 404) return undefined;
    throw error;
  }
}

export async function absentIsFine(answer: Promise<unknown>): Promise<void> {
  await absentIsUndefined(answer);
}
