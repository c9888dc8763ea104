import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../../packages/server/src/cli/program.ts';
import type { StepPoint } from '../../../packages/server/src/worker/job-kind.ts';
import { KILL_ORDER } from './kill-order.ts';

/** `coffer serve`, which kills itself where the file in its data folder says, once. */
const dataDir = process.argv[process.argv.indexOf('--data-dir') + 1] ?? '';
const file = join(dataDir, KILL_ORDER);

function order(): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function observe({ kind, step, point }: StepPoint): Promise<void> {
  if (order() !== `${kind}: ${point} ${step}`) return;
  rmSync(file);
  process.kill(process.pid, 'SIGKILL');
  await new Promise<never>(() => {});
}

await runProgram({ observe, leaseMs: 3_000 });
