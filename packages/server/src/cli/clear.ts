import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@coffer/core';
import type { Command } from 'commander';
import { addCloudOptions, addDataOptions, defaultRunDir } from '../config.ts';
import { openCloud } from '../local-cloud.ts';
import { takeServerLock } from '../server-lock.ts';
import { destroyPostgres } from '../store/postgres.ts';
import { createLog } from './log.ts';

interface Flags {
  dataDir: string;
  runDir?: string;
  logLevel: string;
  engine?: string;
  guestImage?: string;
  yes?: boolean;
}

/** `coffer clear --yes`: takes away everything that a stopped server of this data folder made on this machine, databases included. */
export function addClear(program: Command): void {
  addCloudOptions(
    addDataOptions(
      program
        .command('clear')
        .description('take away everything that a stopped server made on this machine, databases included'),
    ),
  )
    .option('--yes', 'do it')
    .action(async (flags: Flags) => {
      if (!flags.yes)
        throw new Problem('bad_request', `this deletes every database below ${flags.dataDir}; run it again with --yes`);
      const release = await takeServerLock(flags.dataDir);
      const log = createLog(flags.logLevel);
      const cloud = await openCloud(
        {
          dataDir: flags.dataDir,
          runDir: flags.runDir ?? defaultRunDir(flags.dataDir),
          brokerPort: 0,
          guestImage: flags.guestImage ?? '',
          ...(flags.engine !== undefined && { engine: flags.engine }),
        },
        log,
      );
      await cloud.teardown();
      const left = await cloud.inventory();
      if (left.length > 0) throw new Problem('internal', `these could not be taken away: ${left.join(', ')}`);
      await destroyPostgres(join(flags.dataDir, 'store'));
      await rm(flags.dataDir, { recursive: true, force: true });
      await release();
      process.stdout.write(`nothing is left of ${flags.dataDir}\n`);
    });
}
