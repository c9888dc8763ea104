import { execFile } from 'node:child_process';
import { Problem } from '@coffer/core';

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs one of the guest's own tools and tells how it ended; never rejects for an exit code. No shell, so no quoting. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<CommandResult>;

const TIMEOUT_MS = 120_000;

/** @throws Problem `not_supported` when the guest lacks the tool, `timeout` when it hangs. */
export const runCommand: RunCommand = (command, args) =>
  new Promise((resolve, reject) => {
    // Tools print for people in their language; what is parsed must not depend on it.
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
    execFile(command, [...args], { env, timeout: TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (!error) resolve({ exitCode: 0, stdout, stderr });
      else if (error.killed)
        reject(new Problem('timeout', `${command} did not end within ${TIMEOUT_MS} ms.`, { cause: error }));
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else
        reject(
          new Problem(
            'not_supported',
            `The guest cannot run ${command} (${String(error.code)}); its image must have it.`,
            { cause: error },
          ),
        );
    });
  });

/** @throws Problem `guest_failed` with what the tool said, when it does not exit with 0. @returns its output. */
export async function mustRun(run: RunCommand, command: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, args);
  if (exitCode === 0) return stdout;
  throw new Problem(
    'guest_failed',
    `${command} ${args.join(' ')} ended with ${exitCode}: ${(stderr || stdout).trim().slice(0, 500)}`,
  );
}
