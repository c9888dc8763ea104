import type { Duplex } from 'node:stream';
import { collect, demux, type OutputChunk } from './frames.ts';
import { type EngineHttp, escapePath } from './http.ts';

export interface ExecStart {
  command: readonly string[];
  /** Name or uid, `user[:group]`. */
  user?: string | undefined;
  /** `NAME=value`; shown by inspection, so no secret. */
  env?: readonly string[] | undefined;
  workingDir?: string | undefined;
  /** Open a standard input. Default false. */
  stdin?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** A program that runs in a container. `output` must be read, or the program stops at a full pipe. */
export interface ExecSession {
  id: string;
  /** Write to it for standard input, `end()` it for end of file. */
  socket: Duplex;
  output: AsyncGenerator<OutputChunk>;
  /** Of the ended program; ask after `output` has ended. */
  exitCode(): Promise<number>;
}

export interface ExecRun extends Omit<ExecStart, 'stdin'> {
  /** The way in for secrets: neither arguments nor events show it. */
  stdin?: string | Uint8Array | undefined;
  /** Bytes kept of each stream; the rest is read and dropped. Default 1 MiB. */
  maxOutputBytes?: number | undefined;
}

/** @throws Problem `conflict` when the container does not run, `not_found` when there is none. */
export async function startExec(http: EngineHttp, container: string, options: ExecStart): Promise<ExecSession> {
  const { Id: id } = await http.json<{ Id: string }>({
    method: 'POST',
    path: `/containers/${escapePath(container)}/exec`,
    body: {
      Cmd: options.command,
      User: options.user,
      Env: options.env,
      WorkingDir: options.workingDir,
      AttachStdin: options.stdin ?? false,
      AttachStdout: true,
      AttachStderr: true,
    },
    signal: options.signal,
  });
  const socket = await http.upgrade({
    method: 'POST',
    path: `/exec/${id}/start`,
    body: { Detach: false, Tty: false },
    signal: options.signal,
  });
  return {
    id,
    socket,
    output: demux(socket),
    exitCode: async () => (await http.json<{ ExitCode: number | null }>({ path: `/exec/${id}/json` })).ExitCode ?? -1,
  };
}

/** Runs a program to its end. A missing binary is exit code 126 or 127 with the engine's text in the output. */
export async function runExec(
  http: EngineHttp,
  container: string,
  options: ExecRun,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const session = await startExec(http, container, { ...options, stdin: options.stdin !== undefined });
  // A program that ends without reading all its input closes the pipe; its exit code tells, not our EPIPE.
  session.socket.on('error', () => {});
  if (options.stdin !== undefined) session.socket.end(options.stdin);
  try {
    const output = await collect(session.output, options.maxOutputBytes);
    return { exitCode: await session.exitCode(), ...output };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    session.socket.destroy();
  }
}
