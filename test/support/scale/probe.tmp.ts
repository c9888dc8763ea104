import { randomBytes, randomUUID } from 'node:crypto';
import { connectAgentLink, createGuestLink, createMemoryReplies, newKeyPair, newToken, deriveTokenKeys } from '@coffer/core/rpc';
import { createMemoryBroker } from '@coffer/core/testing';
import { launchPostgres } from '../../../packages/server/src/store/postgres.ts';
import { createStore, migrate } from '../../../packages/server/src/store/store.ts';
import { createSecretBox } from '../../../packages/server/src/secrets.ts';
import { createGuestDirectory } from '../../../packages/server/src/guest/directory.ts';
import { guestSecret } from '../../../packages/server/src/guest/secret-contexts.ts';
import { parseManifest } from '@coffer/core/driver';
import mysqlManifest from '@coffer/drivers/mysql/manifest.json' with { type: 'json' };

const WINDOW = Number(process.argv[2] ?? 64);
const dir = '/tmp/h-scale/probe-pg';
const pg = await launchPostgres({ dataDir: dir });
const store = createStore({ url: pg.url, maxConnections: 5 });
try {
  await migrate(store);
  await store.datastores.register({ sha256: '00'.repeat(32), manifest: parseManifest(mysqlManifest), code: Buffer.from('') });
  const [version] = await store.datastores.versions();
  const secrets = createSecretBox([randomBytes(32)]);
  const broker = createMemoryBroker();
  const directory = createGuestDirectory({ store, secrets });
  const transport = broker.server();
  let onEvent!: (sealed: Uint8Array) => Promise<void>;
  const sealed: Uint8Array[] = [];
  let keep = false;
  broker.tap((address, bytes) => { if (keep && address.endsWith('.event')) sealed.push(bytes); });
  const link = createGuestLink({ transport: { ...transport, start: (intake) => { onEvent = intake.onEvent; return transport.start({ ...intake, onEvent: async (b) => { if (!keep) await intake.onEvent(b); } }); } }, directory, handlers: { driver_chunk: async () => ({ base64: '', totalBytes: 0 }) } });
  await link.start();
  const links = [];
  for (let i = 0; i < 200; i += 1) {
    const id = randomUUID(); const token = newToken();
    await store.instances.create({ id, projectId: 'p', name: 'n', flavorId: '1', vcpus: 1, ramMib: 1024, datastoreVersionId: version!.id, volumeSizeGib: 1 }, { kind: 'create' }, { deltas: { instances: 1 }, defaults: { instances: -1 } });
    await store.guests.create({ instanceId: id, tokenKid: deriveTokenKeys(token, id).up.kid, token: secrets.seal(token, guestSecret.token(id)), brokerPassword: secrets.seal('x', guestSecret.brokerPassword(id)), brokerPasswordHash: 'x' });
    links.push(await connectAgentLink({ transport: broker.agent(id), instanceId: id, keys: newKeyPair(), token, enrolled: async () => {}, nextBoot: async () => 1, replies: createMemoryReplies(), handlers: {} }));
  }
  const report = (n: number) => ({ state: 'healthy' as const, agentBuild: '0.1.0+0123456789abcdef', protocol: 1, driver: '0'.repeat(64), revision: 1, volume: { usedBytes: 250_000_000 + n * 4096, totalBytes: 1_073_741_824 }, memory: { agentRssBytes: 60_000_000 }, clockMs: Date.now() });
  for (const l of links) await l.report(report(0));
  await new Promise((r) => setTimeout(r, 500));
  keep = true;
  for (let n = 1; n <= 100; n += 1) for (const l of links) await l.report(report(n));
  console.log('sealed', sealed.length, sealed[0]?.length);

  const { fork } = await import('node:child_process');
  const { createServerTransport, names } = await import('@coffer/core/amqp');
  const { AmqpLine } = await import('../../../packages/core/src/amqp/line.ts');
  const rhea = (await import('rhea')).default;
  const child = fork(new URL('./relay.tmp.ts', import.meta.url), { execArgv: ['--conditions=@coffer/source', '--disable-warning=ExperimentalWarning'] });
  const { port, ca } = await new Promise<any>((r) => child.once('message', r));
  const service = { host: '127.0.0.1', port, ca, username: 's', password: 's' };
  const fill = async () => {
    const line = new AmqpLine({ ...service, name: 'fill', sendsTo: 'queue' }); await line.open([]);
    await Promise.all(sealed.map((b) => line.send(names.eventQueue, b, 600_000))); await line.close();
  };
  const measure = async (what: string, consume: (took: () => void) => Promise<unknown>) => {
    await fill();
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = sealed.length; let cpu = process.cpuUsage(); let t = 0;
    const ins = new (await import('node:inspector/promises')).Session(); ins.connect();
    const prof = process.env.PROF && what === 'ours';
    if (prof) { await ins.post('Profiler.enable'); await ins.post('Profiler.setSamplingInterval', { interval: 200 }); await ins.post('Profiler.start'); }
    await consume(() => { if (left === sealed.length) { cpu = process.cpuUsage(); t = performance.now(); } left -= 1; if (left === 0) resolve(); });
    await promise;
    const u = process.cpuUsage(cpu);
    console.log(`${what}: ${((u.user + u.system) / sealed.length).toFixed(1)} µs cpu each, wall ${((performance.now() - t) * 1000 / sealed.length).toFixed(1)} µs each`);
    if (prof) { const { profile } = await ins.post('Profiler.stop'); (await import('node:fs')).mkdirSync('/tmp/h-scale/prof-loop', { recursive: true }); (await import('node:fs')).writeFileSync('/tmp/h-scale/prof-loop/a.cpuprofile', JSON.stringify(profile)); }
  };
  for (let round = 0; round < 2; round += 1) {
    const t1 = createServerTransport({ ...service, copy: 'c'.repeat(32), prepareCopy: async () => {} });
    const counted = (took: () => void) => createGuestLink({ transport: { ...t1, start: (intake) => t1.start({ ...intake, onEvent: (b) => intake.onEvent(b).then(took) }) }, directory: createGuestDirectory({ store, secrets }), handlers: { driver_chunk: async () => ({ base64: '', totalBytes: 0 }) } }).start();
    await measure('ours', counted);
    await t1.close();
    const t2 = createServerTransport({ ...service, copy: 'c'.repeat(32), prepareCopy: async () => {} });
    await measure('line only', async (took) => t2.start({ onReply: async () => {}, onEvent: async () => took() }));
    await t2.close();
    let connection: any;
    await measure('bare', async (took) => {
      connection = rhea.create_container().connect({ ...service, transport: 'tls', servername: '', reconnect: false } as never);
      connection.on('disconnected', () => {});
      connection.open_receiver({ source: { address: '/queues/' + names.eventQueue }, credit_window: WINDOW });
      connection.on('message', took);
    });
    connection.close();
  }
  child.disconnect();
} finally { await store.close(); await pg.destroy(); }
process.exit();
