import { Problem } from '@coffer/core';
import type { Command } from 'commander';
import { addStoreOptions } from '../config.ts';
import { visitStore } from '../local-store.ts';
import { createReleases } from '../release.ts';
import { createWhyService } from '../services/why.ts';
import { schemaState } from '../store/store.ts';
import { whyView } from '../views/why.ts';
import { createLog } from './log.ts';
import { whyLines } from './why-lines.ts';
import type { StoreFlags } from './with-store.ts';

/** Who stands at the machine sees what an administrator sees. */
const OPERATOR = { projectId: '', userId: '', isAdmin: true };

/** `coffer instance why <id>`: explains the state of an instance from the store alone, whether a server runs or not. */
export function addInstance(program: Command): void {
  const instance = program.command('instance').description('instances as the operator sees them');
  addStoreOptions(
    instance
      .command('why')
      .description('explain the state of an instance: the job, its step, the last report, the next try, and what helps')
      .argument('<id>')
      .option('--json', 'as the API answers an administrator'),
  ).action(async (id: string, flags: StoreFlags & { json?: boolean }) => {
    // Its own lines are the answer; what the store's launcher tells besides is for those who ask for it.
    const log = createLog(flags.logLevel === 'info' ? 'warn' : flags.logLevel);
    const releases = createReleases(log);
    try {
      const { dataDir, store: storeUrl } = flags;
      const store = await visitStore({ dataDir, log, ...(storeUrl !== undefined && { storeUrl }) }, releases);
      const { pending } = await schemaState(store);
      if (pending.length > 0)
        throw new Problem(
          'conflict',
          `the store is of an older build (without ${pending.join(', ')}); \`coffer serve\` of this build brings it up to date`,
        );
      const view = whyView(await createWhyService({ store }).why(OPERATOR, id), true);
      process.stdout.write(`${flags.json ? JSON.stringify({ why: view }, null, 2) : whyLines(view).join('\n')}\n`);
    } finally {
      await releases.run();
    }
  });
}
