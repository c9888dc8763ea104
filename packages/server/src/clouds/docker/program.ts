import { spawn } from 'node:child_process';

/** A program of the host that ended with another code than 0, or is not there. */
export class ProgramFailure extends Error {
  readonly isMissing: boolean;

  constructor(message: string, isMissing: boolean) {
    super(message);
    this.name = 'ProgramFailure';
    this.isMissing = isMissing;
  }
}

/** Runs a program of the host and returns its output. @param input goes to its standard input. */
export async function runProgram(program: string, args: readonly string[], input = ''): Promise<string> {
  // Fixed: a user's PATH often lacks the folders of the administrator's programs.
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      reject(new ProgramFailure(`${program} cannot be run: ${error.message}`, isMissing));
    });
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new ProgramFailure(`${program} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`, false));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Whether this process may change devices, mounts and rules of the host. */
export const isRoot = (): boolean => process.getuid?.() === 0;
