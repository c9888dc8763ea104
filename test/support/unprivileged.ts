import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const ENGINE_SOCKET = '/var/run/docker.sock';

/** An account of this machine that may speak to the container engine and nothing else, with a copy of this project. */
export interface Account {
  /** Runs `node <args>` in its copy; the output of both streams, and the exit code. */
  node(args: readonly string[], env: Readonly<Record<string, string>>): Promise<{ code: number; output: string }>;
  dispose(): Promise<void>;
}

/** Made by root alone. What the bootstrap of this run has fetched lies in the account's own cache, so that it fetches nothing. */
export async function unprivilegedAccount(): Promise<Account> {
  const name = `coffer-test-${randomBytes(4).toString('hex')}`;
  const home = await mkdtemp(join(tmpdir(), `${name}-`));
  const project = join(home, 'coffer');
  const cache = join(home, '.cache/coffer');
  // …/coffer/tools-<versions>/node_modules/node-<platform>/bin/node
  const tools = join(dirname(process.execPath), '../../..');
  const dispose = async () => {
    await execute('userdel', [name]).catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  };
  try {
    await chmod(home, 0o711);
    const { gid } = await stat(ENGINE_SOCKET);
    await execute('useradd', ['--system', '--no-create-home', '--home-dir', home, '--groups', String(gid), name]);
    await mkdir(project);
    const parts = (await readdir(root)).filter((part) => part !== '.git').map((part) => join(root, part));
    await execute('cp', ['-a', ...parts, project]);
    await mkdir(cache, { recursive: true });
    await execute('chown', ['-R', `${name}:`, home]);
    // Read and never written: a link is as good, where both lie on one disk.
    const shared = [tools, process.env.COFFER_IMAGES_DIR ?? join(dirname(tools), 'images')];
    await execute('cp', ['-al', ...shared, cache]).catch(() => execute('cp', ['-a', ...shared, cache]));
  } catch (error) {
    await dispose();
    throw error;
  }
  const node = join(cache, process.execPath.slice(dirname(tools).length));
  return {
    async node(args, env) {
      const own = { HOME: home, PATH: `${dirname(node)}:/usr/local/bin:/usr/bin:/bin`, ...env };
      const as = ['--reuid', name, '--regid', name, '--init-groups', '--'];
      const child = execute('setpriv', [...as, node, ...args], { cwd: project, env: own, maxBuffer: 16 * 1024 * 1024 });
      let output = '';
      for (const stream of [child.child.stdout, child.child.stderr])
        stream?.on('data', (text: string) => {
          output += text;
        });
      const code = await child.then(
        () => 0,
        ({ code: ended }: { code?: unknown }) => (typeof ended === 'number' ? ended : 1),
      );
      return { code, output };
    },
    dispose,
  };
}
