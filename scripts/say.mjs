// How the scripts talk: one line per step that did something, with its seconds, and a sign of life
// for whatever takes longer than two seconds.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** A failure that the person at the machine can mend: one sentence that names the command. Shown without a stack. */
export class Stop extends Error {
  name = 'Stop';
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');

/** The last piece of output of a running step, shown beside its sign of life. */
const tidy = (text) => text.replaceAll(COLOURS, '').replace(/\s+/g, ' ').trim().slice(0, 80);

/**
 * Runs `work` and prints `name` with the seconds it took. Quiet for the first two seconds, then alive every ten
 * (every second on a terminal). `work` may call its argument with a line of output to show what it is at.
 * @template T
 * @param {string} name
 * @param {(note: (line: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const since = performance.now();
  const isTerminal = process.stderr.isTTY === true;
  let latest = '';
  let shownAt = -Infinity;
  const alive = () => {
    const now = performance.now();
    if (now - since < 2000 || now - shownAt < (isTerminal ? 900 : 10_000)) return;
    shownAt = now;
    const line = `… ${name}, ${seconds(since)}${latest ? `: ${latest}` : ''}`;
    process.stderr.write(isTerminal ? `\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 100) - 1)}` : `${line}\n`);
  };
  const timer = setInterval(alive, 500);
  const end = (mark) => process.stderr.write(`${isTerminal ? '\r\x1b[2K' : ''}${mark} ${name}, ${seconds(since)}\n`);
  try {
    const result = await work((line) => {
      latest = tidy(line) || latest;
    });
    end('✓');
    return result;
  } catch (error) {
    end('✗');
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** Runs `main`, shows a {@link Stop} as its sentence and anything else with its stack, and sets the exit code. */
export async function mainOf(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(error instanceof Stop ? `\n${error.message}\n` : `\n${error?.stack ?? error}\n`);
    process.exitCode = 1;
  }
}

/** True when `url` is the file that node was started with. */
export const isMain = (url) =>
  process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;
