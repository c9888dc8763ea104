import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Client, createClient, type Reply } from '@coffer/core';
import { packDriver, writePacked } from '../packages/agent/src/pack.ts';
import { NODE_OPTIONS } from './node-options.mjs';

const root = join(import.meta.dirname, '..');
const MAIN = join(root, 'packages/server/src/main.ts');

export interface LocalCloudOptions {
  /** Everything the cloud keeps; one folder is one cloud. */
  dataDir: string;
  /** 0 takes a free one. */
  port: number;
  /** Of the message relay, on the management network's gateway. 0 takes a free one. */
  brokerPort: number;
  managementPool?: string;
  tenantPool?: string;
  logLevel?: string;
  reportIntervalMs?: number;
  /** Datastores that are offered, by the folder of their driver. Default: MySQL alone. */
  datastores?: readonly string[];
  /** Address of the container engine. Default: the machine's own. */
  engine?: string;
  /** Further options of `coffer serve`. */
  more?: readonly string[];
  /** What is run as the server, with the arguments of `coffer`. Default: Coffer's own program. */
  program?: string;
}

/** Coffer's own program on this machine, as an operator runs it, in a process of its own. */
export interface LocalCloud {
  readonly url: string;
  readonly dataDir: string;
  readonly brokerPort: number;
  readonly project: string;
  readonly user: { name: string; password: string };
  /** Logs in and returns a client of the API. */
  client(): Promise<Client>;
  token(): Promise<{ token: string; projectId: string }>;
  readonly pid: number;
  /** What the server wrote to its log so far. */
  log(): string;
  /** SIGKILL: as a machine that loses power. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** Starts it again over the same data. */
  start(): Promise<void>;
  /** Stops it and takes away everything it made, the data folder included. */
  clear(): Promise<void>;
}

/** A failure that the person at the machine can mend: one sentence. */
export class LocalCloudError extends Error {
  override name = 'LocalCloudError';
}

/** Runs one command of the program to its end; its output. @throws LocalCloudError with what it said. */
export async function coffer(args: readonly string[], input = ''): Promise<string> {
  const { code, output, errors } = await runCoffer(args, input);
  if (code === 0) return output;
  throw new LocalCloudError(
    `coffer ${args.slice(0, 2).join(' ')} ended with ${code}: ${errors.trim().split('\n').slice(-5).join('\n')}`,
  );
}

/** Runs one command of the program to its end, whatever it is. */
export function runCoffer(
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...NODE_OPTIONS, MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output, errors }));
  });
}

/** A port that is free now on all of this machine's addresses. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()));
}

/**
 * Starts a whole cloud in a folder: store, relay, docker cloud, API, with datastores registered and one user. The bootstrap
 * must have run: `COFFER_GUEST_IMAGE` and `COFFER_IMAGES_DIR` name what it made.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { dataDir } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  const brokerPort = options.brokerPort === 0 ? await freePort() : options.brokerPort;
  const project = 'demo';
  const user = { name: 'demo', password: randomBytes(15).toString('base64url') };
  const logFile = join(dataDir, 'server.log');
  const url = `http://127.0.0.1:${port}`;
  const isNew = !existsSync(join(dataDir, 'store'));
  await mkdir(dataDir, { recursive: true });

  const storeFlags = ['--data-dir', dataDir, '--log-level', 'warn'];
  for (const datastore of options.datastores ?? ['mysql']) {
    const folder = join(dataDir, 'drivers', datastore);
    await writePacked(await packDriver(join(root, 'packages/drivers/src', datastore)), folder);
    await coffer(['datastore', 'register', folder, ...storeFlags]);
  }
  await coffer(['user', 'set', user.name, '--project', project, '--role', 'admin', ...storeFlags], user.password);

  const engine = options.engine === undefined ? [] : ['--engine', options.engine];
  const args = [
    ...['serve', '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--broker-port', String(brokerPort)],
    ...['--log-level', options.logLevel ?? 'info', '--report-interval', String(options.reportIntervalMs ?? 5_000)],
    ...(options.managementPool === undefined ? [] : ['--management-pool', options.managementPool]),
    ...(options.tenantPool === undefined ? [] : ['--tenant-pool', options.tenantPool]),
    ...engine,
    ...(options.more ?? []),
  ];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const log = openSync(logFile, 'a');
    const began = spawn(process.execPath, [...NODE_OPTIONS, options.program ?? MAIN, ...args], {
      stdio: ['ignore', 'pipe', log],
    });
    child = began;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      began.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('listening ')) resolve();
      });
      began.once('error', reject);
      began.once('exit', (code) => {
        const last = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
        reject(
          new LocalCloudError(
            last.startsWith('coffer: ')
              ? last.slice('coffer: '.length)
              : `the server ended with ${code} before it listened; ${logFile} says why: ${last}`,
          ),
        );
      });
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = undefined;
    if (!running) return;
    running.kill(signal);
    await ended(running);
  }

  async function token(): Promise<{ token: string; projectId: string }> {
    const answer = await fetch(`${url}/identity/v3/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: user.name, domain: { id: 'default' }, password: user.password } },
          },
          scope: { project: { name: project, domain: { id: 'default' } } },
        },
      }),
    });
    const value = answer.headers.get('x-subject-token');
    if (answer.status !== 201 || value === null)
      throw new LocalCloudError(`the login answered ${answer.status}: ${await answer.text()}`);
    const body = (await answer.json()) as Reply<'createToken', 201>;
    return { token: value, projectId: body.token.project?.id ?? '' };
  }

  const clearAway = () => coffer(['clear', '--yes', ...storeFlags, ...engine]);
  try {
    await start();
  } catch (error) {
    await end('SIGKILL');
    // What was there before is somebody's; what this made goes again.
    if (isNew) await clearAway().catch(() => undefined);
    throw error;
  }
  return {
    url,
    dataDir,
    brokerPort,
    project,
    user,
    token,
    async client() {
      const login = await token();
      return createClient({ baseUrl: url, token: login.token, project: login.projectId });
    },
    get pid() {
      return child?.pid ?? 0;
    },
    log: () => readFileSync(logFile, 'utf8'),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    async clear() {
      await end('SIGTERM');
      await clearAway();
    },
  };
}
