#!/usr/bin/env node
// `npm start [-- --once]`: a whole cloud on this machine, shown working.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrapAndRun } from './run.mjs';

process.exit(
  await bootstrapAndRun(join(dirname(fileURLToPath(import.meta.url)), 'demo.ts'), process.argv.slice(2), {
    need: 'start',
  }),
);
