// `node scripts/run.mjs <file> [args]`: sets the machine up, then becomes the TypeScript program, run from its source.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { bootstrap } from './bootstrap.mjs';
import { NODE_OPTIONS } from './node-options.mjs';
import { isMain, Stop } from './say.mjs';

/**
 * Runs a program to its end with our standard streams; signals go to it.
 * @returns {Promise<number>} its exit code, 128 + n when signal n ended it
 */
export function runProgram(node, file, args = []) {
  return new Promise((done, reject) => {
    const child = spawn(node, [...NODE_OPTIONS, file, ...args], { stdio: 'inherit' });
    // On a terminal Ctrl-C reaches the child by itself; this process only has to outlive it.
    const forwards = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
      const forward = () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const stop of forwards) stop();
      done(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Sets the machine up and runs the program; a sentence on the error stream and 1 when the machine cannot be. */
export async function bootstrapAndRun(file, args = [], options = {}) {
  try {
    const { node } = await bootstrap(options);
    return await runProgram(node, file, args);
  } catch (error) {
    console.error(error instanceof Stop ? `\n${error.message}` : error);
    return 1;
  }
}

if (isMain(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (file) process.exit(await bootstrapAndRun(file, args));
  console.error('usage: node scripts/run.mjs <file> [args]');
  process.exit(2);
}
