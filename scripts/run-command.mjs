// Commands, the cache folder and a lock between processes: what every script here needs and Node has not.
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where downloads and built things are kept between runs: `$XDG_CACHE_HOME/coffer`, else `~/.cache/coffer`. */
export function cacheDir(...parts) {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const dir = join(base, 'coffer', ...parts);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/**
 * Runs a command to its end and returns its output; throws with the last lines of its error output when it fails.
 * Arguments are never joined into a shell line.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, input?: string, onLine?: (line: string) => void,
 *   timeoutMs?: number, allowFail?: boolean }} [options]
 *   onLine: called with each line of output; timeoutMs: the command is killed then; allowFail: a failure is returned
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text) => {
        output[name] += text;
        if (options.onLine) for (const line of text.split('\n')) options.onLine(line);
      });
    }
    if (options.input !== undefined) child.stdin.on('error', () => {}).end(options.input);
    const timer = options.timeoutMs && globalThis.setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      if (options.allowFail) resolve({ code: 127, ...output, stderr: error.message });
      else reject(new Error(`${command} did not start: ${error.message}`));
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const code = status ?? (signal ? 128 : 1);
      if (code === 0 || options.allowFail) return resolve({ code, ...output });
      const tail = (output.stderr.trim() || output.stdout.trim()).split('\n').slice(-8).join('\n');
      reject(new Error(`${command} ${args.slice(0, 4).join(' ')} ended with ${signal ?? code}:\n${tail}`));
    });
  });
}

/**
 * Waits for all, whatever fails, so that nothing is cut off half done (a dpkg, a build) and the sentence about the failure is the
 * last line that is read.
 */
export async function allOrFirstFailure(promises) {
  const results = await Promise.allSettled(promises);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return results.map(({ value }) => value);
}

/** The first of `names` that is an executable file in PATH or a system folder, as a path; undefined when none is. */
export function which(...names) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];
  for (const name of names)
    for (const folder of folders) if (folder && existsSync(join(folder, name))) return join(folder, name);
  return undefined;
}

const startOf = (pid) => {
  try {
    // Field 22 of stat; the name before it may hold spaces, so count from its closing bracket.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19];
  } catch {
    return undefined;
  }
};

/** A process as pid and start time, so that a pid used again by somebody else is not taken for it. */
export const processMark = (pid = process.pid) => `${pid} ${startOf(pid) ?? '?'}`;

/** True while the process behind a mark of {@link processMark} runs. */
export const isRunning = (mark) => {
  const [pid, start] = mark.trim().split(' ');
  return Number(pid) > 0 && startOf(pid) !== undefined && startOf(pid) === start;
};

/**
 * Runs `work` while holding the lock `name`; waits for whoever holds it, and says so every ten seconds. A lock whose owner is
 * gone is taken over.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, work) {
  const file = join(cacheDir('locks'), `${name}.lock`);
  const since = Date.now();
  for (let saidAt = since - 8000; ; await sleep(200)) {
    if (tryLock(file)) break;
    const owner = readOr(file, '');
    if (owner !== '' && !isRunning(owner)) breakLock(file, owner);
    else if (Date.now() - saidAt > 10_000) {
      saidAt = Date.now();
      const seconds = Math.round((saidAt - since) / 1000);
      process.stderr.write(`… waiting for process ${owner.split(' ')[0]}, which is at ${name}, ${seconds} s\n`);
    }
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

const readOr = (file, otherwise) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
};

function tryLock(file) {
  try {
    // The owner is written to a file of its own first and then linked: a lock is never seen half written.
    const own = `${file}.${process.pid}`;
    const fd = openSync(own, 'w');
    writeSync(fd, processMark());
    closeSync(fd);
    try {
      linkSync(own, file);
      return true;
    } finally {
      rmSync(own, { force: true });
    }
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

// Two waiters may see the same dead owner: renaming is atomic, so only one of them takes the dead lock away,
// and one that renamed a living lock by lateness puts it back.
function breakLock(file, owner) {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readOr(aside, '') !== owner) {
    try {
      linkSync(aside, file);
    } catch {}
  }
  rmSync(aside, { force: true });
}
