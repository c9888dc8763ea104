import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DriverManifest, parseManifest } from '@coffer/core/driver';
import { createEngine } from '@coffer/core/engine';
import { packDriver, writePacked } from '../../packages/agent/src/pack.ts';
import { coffer, type LocalCloud } from '../../scripts/local-cloud.ts';
import { inStoreOf } from './cloud-store.ts';

/** Everything that exists of an instance outside its row: ledger, guest, container, engine volume, records and files of the cloud. */
export async function traces(cloud: LocalCloud, instanceId: string): Promise<string[]> {
  const found: string[] = [];
  await inStoreOf(cloud, async (store) => {
    const ledger = await store.query<{ kind: string }>('SELECT kind FROM ledger WHERE instance_id = $1', [instanceId]);
    found.push(...ledger.rows.map(({ kind }) => `ledger: ${kind}`));
    const guests = await store.query('SELECT 1 FROM guests WHERE instance_id = $1', [instanceId]);
    if (guests.rows.length > 0) found.push('guest');
  });
  const engine = createEngine();
  for (const _ of await engine.containers.list({ label: [`coffer.key=${instanceId}`] })) found.push('container');
  for (const { Name } of await engine.volumes.list({ label: [`coffer.key=${instanceId}`] }))
    found.push(`volume ${Name}`);
  for (const entry of await readdir(join(cloud.dataDir, 'cloud'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    if (path.includes(instanceId)) found.push(path);
    else if (path.endsWith('.json') && (await readFile(path, 'utf8')).includes(instanceId)) found.push(path);
  }
  return found;
}

/** Offers one more version of MySQL, by a driver of its own: the operator's command, on a server that runs. */
export async function registerVersion(
  cloud: LocalCloud,
  version: Omit<DriverManifest['versions'][number], 'parameters'>,
): Promise<void> {
  const packed = await packDriver(join(import.meta.dirname, '../../packages/drivers/src/mysql'));
  const parameters = packed.manifest.versions[0]?.parameters;
  const manifest = parseManifest({
    ...packed.manifest,
    versions: [{ parameters, ...version, default: true }],
  });
  const folder = await mkdtemp(join(tmpdir(), 'coffer-driver-'));
  const code = Buffer.concat([packed.code, Buffer.from(`\n// ${version.name}\n`)]);
  await writePacked({ ...packed, manifest, code }, folder);
  await coffer(['datastore', 'register', folder, '--data-dir', cloud.dataDir, '--log-level', 'warn']);
  await rm(folder, { recursive: true });
}
