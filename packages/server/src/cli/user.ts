import { text } from 'node:stream/consumers';
import { Problem } from '@coffer/core';
import type { Command } from 'commander';
import { addStoreOptions } from '../config.ts';
import { createBuiltinIdentity } from '../identity/builtin.ts';
import { openLocalStore } from '../local-store.ts';
import { createReleases } from '../release.ts';
import { createLog } from './log.ts';

interface Flags {
  dataDir: string;
  store?: string;
  logLevel: string;
  project: string;
  role: string[];
}

/** `coffer user set <name>`: an account of the builtin identity. The password comes by standard input, never as an argument. */
export function addUser(program: Command): void {
  const user = program.command('user').description('accounts of the builtin identity');
  addStoreOptions(
    user
      .command('set')
      .description(
        'make a user, or give it another password and further roles; the password is read from standard input',
      )
      .argument('<name>')
      .requiredOption('--project <name>', 'the user’s project, made when missing')
      .option('--role <role...>', 'roles on the project', ['member']),
  ).action(async (name: string, flags: Flags) => {
    const password = (await text(process.stdin)).replace(/\r?\n$/, '');
    if (password === '')
      throw new Problem(
        'bad_request',
        `there is no password on standard input; e.g. \`openssl rand -base64 18 | coffer user set ${name} …\``,
      );
    const releases = createReleases();
    try {
      const { store } = await openLocalStore(
        {
          dataDir: flags.dataDir,
          log: createLog(flags.logLevel),
          ...(flags.store !== undefined && { storeUrl: flags.store }),
        },
        releases,
      );
      const { accounts } = createBuiltinIdentity({ store, authUrl: '' });
      const project = await accounts.ensureProject(flags.project);
      const { id } = await accounts.ensureUser({ name, password, defaultProjectId: project.id });
      for (const role of flags.role) {
        if (role !== 'member' && role !== 'admin')
          throw new Problem('bad_request', `--role ${role} is not known; known: member, admin`);
        await accounts.grantRole(id, project.id, role);
      }
      process.stdout.write(`${name} ${flags.role.join(', ')} in ${flags.project} (${project.id})\n`);
    } finally {
      await releases.run();
    }
  });
}
