import { text } from 'node:stream/consumers';
import { Problem } from '@coffer/core';
import { type Command, Option } from 'commander';
import { addStoreOptions } from '../config.ts';
import { createBuiltinIdentity } from '../identity/builtin.ts';
import { type StoreFlags, withStore } from './with-store.ts';

interface Flags extends StoreFlags {
  project: string;
  role: ('member' | 'admin')[];
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
      .addOption(
        new Option('--role <role...>', 'roles on the project').choices(['member', 'admin']).default(['member']),
      ),
  ).action(async (name: string, flags: Flags) => {
    const password = (await text(process.stdin)).replace(/\r?\n$/, '');
    if (password === '')
      throw new Problem(
        'bad_request',
        `there is no password on standard input; e.g. \`openssl rand -base64 18 | coffer user set ${name} …\``,
      );
    await withStore(flags, async ({ store }) => {
      const { accounts } = createBuiltinIdentity({ store, authUrl: '' });
      const project = await accounts.ensureProject(flags.project);
      const { id } = await accounts.ensureUser({ name, password, defaultProjectId: project.id });
      for (const role of flags.role) await accounts.grantRole(id, project.id, role);
      process.stdout.write(`${name} ${flags.role.join(', ')} in ${flags.project} (${project.id})\n`);
    });
  });
}
