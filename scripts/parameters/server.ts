import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ParameterReader, TrialServer } from './reader.ts';

const run = promisify(execFile);

async function docker(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 16 << 20, env: { ...process.env, ...env } });
  return stdout.trim();
}

/** Both streams; a program that fails has said why in one of them. */
async function output(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('docker', args, { maxBuffer: 16 << 20 }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return `${stdout}\n${stderr}`;
}

/** Starts the image as it is, asks its server until it has answered, and takes it away. */
export async function askServer<T>(
  image: string,
  reader: ParameterReader,
  ask: (server: TrialServer) => Promise<T>,
  waitMs = 90_000,
): Promise<T> {
  const password = randomBytes(12).toString('hex');
  const env = reader.env(password);
  // By names alone: the values go by the environment of the command, and not by its arguments.
  const names = Object.keys(env).flatMap((name) => ['--env', name]);
  const id = await docker(
    ['run', '-d', '--rm', '--init', ...names, '--publish', `127.0.0.1::${reader.port}`, image, ...reader.args],
    env,
  );
  try {
    const published = await docker(['port', id, `${reader.port}/tcp`]);
    const port = Number(published.split('\n')[0]?.split(':').at(-1));
    const server: TrialServer = {
      port,
      password,
      exec: (user, command) => output(['exec', '-u', user, id, ...command]),
    };
    for (const end = Date.now() + waitMs; ; ) {
      try {
        return await ask(server);
      } catch (error) {
        if (Date.now() > end) throw error;
        await sleep(250);
      }
    }
  } finally {
    await docker(['rm', '-fv', id]).catch(() => '');
  }
}
