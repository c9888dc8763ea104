import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriverManifest } from '@coffer/core/driver';
import { createEngine } from '@coffer/core/engine';
import mysql from '@coffer/drivers/mysql';
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
  const { parameters = [] } = mysql.manifest.versions[0] ?? {};
  const manifest = { ...mysql.manifest, versions: [{ ...version, parameters, default: true }] };
  const folder = await mkdtemp(join(tmpdir(), 'coffer-driver-'));
  try {
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const driver = JSON.stringify(join(import.meta.dirname, '../../packages/drivers/src/mysql/index.ts'));
    await writeFile(
      join(folder, 'index.ts'),
      `import mysql from ${driver};\nimport manifest from './manifest.json';\nexport default { ...mysql, manifest };\n`,
    );
    await writePacked(await packDriver(folder), join(folder, 'packed'));
    const flags = ['--data-dir', cloud.dataDir, '--log-level', 'warn'];
    await coffer(['datastore', 'register', join(folder, 'packed'), ...flags]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
