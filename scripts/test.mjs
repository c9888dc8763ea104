#!/usr/bin/env node
// `npm test [-- <ring or file> …] [--full]`: sets the machine up, runs the rings, and closes with one line: `N passed, M failed`.
// Plain JavaScript: an old Node runs it before anything is installed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { isRoot } from './host.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Names of rings, and the paths that they are. */
const RINGS = {
  unit: ['packages'],
  workspace: ['test/workspace.test.ts', 'test/boundaries.test.ts', 'test/openapi.test.ts'],
  embedding: ['test/embedding.test.ts'],
  api: ['test/api', 'test/openapi-routes.test.ts'],
  transport: ['test/transport.test.ts', 'test/broker.test.ts'],
  clouds: ['test/clouds.test.ts'],
  crash: ['test/crash'],
  suites: ['test/suites', 'test/identity.test.ts'],
  scale: ['test/scale.test.ts'],
  faults: ['test/faults'],
  engine: ['test/engine.test.ts'],
  drivers: ['test/drivers'],
  clients: ['test/clients'],
  images: ['test/images'],
  e2e: ['test/e2e'],
};

const args = process.argv.slice(2);
const full = args.includes('--full');
const wanted = args.filter((arg) => arg !== '--full').flatMap((arg) => RINGS[arg] ?? [arg]);

/** Runs a child to its end; its exit code, or 1 when a signal ended it. */
function run(command, commandArgs, env) {
  return new Promise((done) => {
    const child = spawn(command, commandArgs, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.on('error', (error) => {
      console.error(`test: ${command} could not be started: ${error.message}`);
      done(1);
    });
    child.on('exit', (code) => done(code ?? 1));
  });
}

/** What the runner's own report counts. A file that failed to load is a failure too, though it has no test in it. */
function count(reportFile) {
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const began = Date.now();
let node;
let pnpm;
try {
  ({ node, pnpm } = await bootstrap({ need: full ? 'full' : 'test' }));
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exit(1);
}

if (!isRoot())
  console.log(
    'Without root: volumes are plain folders, there are no access rules, and what only root can do is skipped.',
  );

const folder = mkdtempSync(join(tmpdir(), 'coffer-report-'));
const report = join(folder, 'report.json');
const code = await run(
  node,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...wanted,
  ],
  {
    ...process.env,
    // Programs of other people that tests run (package checks) call these by name.
    PATH: [dirname(node), resolve(dirname(pnpm), '../../.bin'), process.env.PATH].join(delimiter),
    COFFER_TEST_FULL: full ? '1' : '',
  },
);

let totals = { passed: 0, failed: 1, skipped: 0 };
try {
  totals = count(report);
} catch (error) {
  console.error(`test: the runner left no report: ${error.message}`);
}
rmSync(folder, { recursive: true, force: true });
if (code !== 0 && totals.failed === 0) totals.failed = 1; // an error outside any test, e.g. an unhandled rejection
console.log(`The rings took ${Math.round((Date.now() - began) / 1000)} s.`);
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped ? `, ${totals.skipped} skipped` : ''}`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
