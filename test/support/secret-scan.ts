import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createEngine } from '@coffer/core/engine';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { inStoreOf } from './cloud-store.ts';

/** Every form in which a secret could be written down by accident; files are read byte by character, so text is too. */
function formsOf(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')];
  const plain =
    typeof secret === 'string' ? [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)] : [];
  return [...new Set([...plain, bytes.toString('latin1'), ...encoded])];
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

interface Secret {
  name: string;
  value: string | Buffer;
  /** The place that is made for it. */
  home?: RegExp;
}

const guestState = (pid: number): string => `/proc/${pid}/root/var/lib/coffer/state`;

/** Process ids of the guests of this machine's clouds. */
async function guestPids(): Promise<number[]> {
  const engine = createEngine();
  const guests = await engine.containers.list({ label: ['coffer.kind=server'] });
  const pids = await Promise.all(guests.map(async ({ Id }) => (await engine.containers.inspect(Id))?.State.Pid ?? 0));
  return pids.filter((pid) => pid > 0);
}

const jsonOf = async (file: string): Promise<Record<string, unknown>> => JSON.parse(await readFile(file, 'utf8'));

/** What the service itself keeps secret. Throws when one of them is not found: a scan for nothing finds nothing. */
async function serviceSecrets(cloud: LocalCloud): Promise<Secret[]> {
  const master = await readFile(join(cloud.dataDir, 'master.key'));
  const found: Secret[] = [{ name: 'master key', value: master, home: /\/master\.key$/ }];
  for await (const file of filesBelow(cloud.dataDir)) {
    if (!file.endsWith('/user-data')) continue;
    found.push({ name: 'enrolment token', value: String((await jsonOf(file)).token), home: /\/user-data$/ });
  }
  for (const pid of await guestPids()) {
    const account = await jsonOf(join(guestState(pid), 'account.json'));
    const broker = Object(account.broker).password;
    found.push({ name: 'broker password', value: String(broker), home: /\/(user-data|state\/account\.json)$/ });
    const service = await jsonOf(join(guestState(pid), 'service.json'));
    found.push({ name: 'service password', value: String(service.password), home: /\/state\/service\.json$/ });
    const keys = await jsonOf(join(guestState(pid), 'keys.json'));
    found.push({ name: 'guest’s secret key', value: String(keys.secretKey), home: /\/state\/keys\.json$/ });
  }
  const kinds = new Set(found.map(({ name }) => name));
  if (kinds.size < 5 || found.some(({ value }) => value.length < 16)) {
    throw new Error(`the scan does not know all secrets of the service, only: ${[...kinds].join(', ')}`);
  }
  return found;
}

/** Larger files are databases of tenants and images; the tenant's own data is his. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Looks for secrets in everything that a run leaves behind where it should not be: logs, arguments and environments of all
 * processes, inspection and logs of all containers, outer and nested, every column of the store, every file of the data folder
 * that is not meant to keep it.
 * Besides those given it looks for the service's own: master key, enrolment tokens, broker passwords, link secrets and the
 * databases' service passwords, each of which may stand in the one file that is made for it.
 * @param secrets name of each to its value
 * @returns one line a hit: which secret, and where
 */
export async function scanForSecrets(cloud: LocalCloud, secrets: Record<string, string>): Promise<string[]> {
  const hits: string[] = [];
  const all: Secret[] = [
    ...Object.entries(secrets).map(([name, value]): Secret => ({ name, value })),
    ...(await serviceSecrets(cloud)),
  ];
  const wanted = all.map(({ value, ...secret }) => ({ ...secret, forms: formsOf(value) }));
  const look = (where: string, text: string) => {
    for (const { name, forms, home } of wanted)
      if (!home?.test(where) && forms.some((form) => text.includes(form))) hits.push(`${name} in ${where}`);
  };

  look('the server’s log', cloud.log());

  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // The test itself holds the secrets in its memory, not in these.
    for (const file of ['cmdline', 'environ'])
      look(`/proc/${pid}/${file}`, await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => ''));
  }

  const outer = createEngine();
  const containers = (await outer.containers.list({ label: ['coffer.owner'] })).map(({ Id }) => Id);
  for (const id of containers) {
    const info = await outer.containers.inspect(id);
    look(`inspection of guest ${id.slice(0, 12)}`, JSON.stringify(info));
    look(`log of guest ${id.slice(0, 12)}`, await outer.containers.logText(id));
    const pid = info?.State.Pid;
    if (!pid) continue;
    const nested = createEngine({ endpoint: `unix:///proc/${pid}/root/run/docker.sock` });
    for (const { Id } of await nested.containers.list()) {
      look(`inspection of nested ${Id.slice(0, 12)}`, JSON.stringify(await nested.containers.inspect(Id)));
      look(`log of nested ${Id.slice(0, 12)}`, await nested.containers.logText(Id));
    }
    for await (const path of filesBelow(guestState(pid))) look(`file ${path}`, await readFile(path, 'latin1'));
  }

  await inStoreOf(cloud, async (store) => {
    const { rows: tables } = await store.query<{ name: string }>(
      "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    if (tables.length < 5) throw new Error('the scan sees no tables of the store');
    for (const { name } of tables) {
      const { rows } = await store.query(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
      for (const row of rows) look(`table ${name}`, String(row.row));
    }
  });

  for await (const path of filesBelow(cloud.dataDir)) {
    if (path.includes('/cloud/volumes/')) continue;
    const { size } = await stat(path);
    if (size <= MAX_FILE_BYTES) look(`file ${path}`, await readFile(path, 'latin1'));
  }
  return hits;
}
