import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Debian's own, which runs on Debian's own Python whatever else is first in PATH. */
const PROGRAM = '/usr/bin/openstack';
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['python3-openstackclient', 'python3-troveclient'];

const isInstalled = (): boolean => {
  if (!existsSync(PROGRAM)) return false;
  try {
    execFileSync(PYTHON, ['-c', 'import troveclient.osc.plugin'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/**
 * Debian's openstack client with the verbs for databases, installed when it is missing and we are root.
 * @throws Error with the command that installs it.
 */
export async function installOpenstackClient(): Promise<void> {
  if (isInstalled()) return;
  const command = `apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`;
  if (process.getuid?.() !== 0) throw new Error(`the openstack client is not installed; run \`sudo ${command}\``);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 1024 * 1024 };
  await run('apt-get', ['update'], options);
  await run('apt-get', command.split(' ').slice(1), options);
  if (!isInstalled()) throw new Error(`\`${command}\` ran, but ${PROGRAM} has no verbs for databases`);
}

export interface OpenstackLogin {
  authUrl: string;
  userName: string;
  password: string;
  projectName: string;
}

export interface OpenstackShell extends AsyncDisposable {
  /** Runs one command and returns what it printed, errors included. */
  run(...args: string[]): Promise<string>;
  /** The same with `-f json`, parsed. @throws Error with what was printed when it is no JSON. */
  json<T = unknown>(...args: string[]): Promise<T>;
}

/** The client's shell takes two layers of quotes off: it splits a line, joins it, and splits it again. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Printed by a command of the client's shell after each of ours, so that its output is known to be whole. */
const END = 'end-of-command';

/**
 * One client that stays and reads its commands from standard input, as a person would type them: starting it anew for each
 * costs seconds.
 */
export function startOpenstack(login: OpenstackLogin): OpenstackShell {
  const env = {
    HOME: process.env.HOME,
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    OS_AUTH_URL: login.authUrl,
    OS_IDENTITY_API_VERSION: '3',
    OS_USERNAME: login.userName,
    OS_PASSWORD: login.password,
    OS_PROJECT_NAME: login.projectName,
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_DOMAIN_ID: 'default',
  };
  // One stream for both, so that their order is kept.
  const child = spawn('/bin/sh', ['-c', `exec ${PYTHON} ${PROGRAM} 2>&1`], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    child.emit('printed');
  });

  async function run(...args: string[]): Promise<string> {
    printed = '';
    const quoted = args.map((arg) => (/^[\w.:=/-]+$/.test(arg) ? arg : quote(quote(arg)))).join(' ');
    child.stdin.write(`${quoted}\nshell echo ${END}\n`);
    while (!printed.endsWith(`${END}\n`)) {
      if (child.exitCode !== null) throw new Error(`the openstack client ended: ${printed}`);
      await Promise.race([once(child, 'printed'), closed]);
    }
    return printed.slice(0, -END.length - 1);
  }

  return {
    run,
    async json(...args) {
      const text = await run(...args, '-f', 'json');
      try {
        return JSON.parse(text);
      } catch {
        throw new Error(`${args.join(' ')} printed no JSON: ${text}`);
      }
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await closed;
    },
  };
}
