import { randomBytes } from 'node:crypto';
import { createServerTransport, dialectOf, names } from '@coffer/core/amqp';
import { createGuestLink } from '@coffer/core/rpc';
import rhea from 'rhea';
import { createRabbitmqBroker } from '../../packages/server/src/brokers/rabbitmq.ts';
import { createGuestDirectory } from '../../packages/server/src/guest/directory.ts';
import { createSecretBox } from '../../packages/server/src/secrets.ts';
import { createStore } from '../../packages/server/src/store/store.ts';
import type { FromIntake, ScaleConfig, ToIntake } from './scale-messages.ts';

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** @returns what is called for each message. */
function meter(warmUp: number, count: number): () => void {
  let taken = 0;
  let began = { wall: 0, cpu: 0, warmUpCpu: 0 };
  let first = 0;
  return () => {
    if (taken === 0) first = cpuMs();
    if (taken === warmUp) began = { wall: performance.now(), cpu: cpuMs(), warmUpCpu: cpuMs() - first };
    taken += 1;
    if (taken < warmUp + count) return;
    const wallMs = performance.now() - began.wall;
    process.send?.({ wallMs, cpuMs: cpuMs() - began.cpu, warmUpCpuMs: began.warmUpCpu } satisfies FromIntake);
  };
}

/** The control plane's own intake, store and all. */
async function byCoffer({ databaseUrl, masterKey, line, managementUrl }: ScaleConfig, took: () => void): Promise<void> {
  const { host, port, username, password } = line;
  const broker = createRabbitmqBroker({ management: { url: managementUrl, username, password }, host, port });
  const store = createStore({ url: databaseUrl, maxConnections: 20 });
  const secrets = createSecretBox([Buffer.from(masterKey, 'hex')]);
  const transport = createServerTransport({
    ...line,
    copy: randomBytes(16).toString('hex'),
    prepareCopy: (copy) => broker.prepareCopy(copy),
  });
  const guests = createGuestLink({
    transport: {
      ...transport,
      start: ({ onReply, onEvent }) => transport.start({ onReply, onEvent: (sealed) => onEvent(sealed).then(took) }),
    },
    directory: createGuestDirectory({ store, secrets }),
    handlers: { driver_chunk: async () => ({ base64: '', totalBytes: 0 }) },
  });
  await guests.start();
}

/** As little as a consumer can do: takes and accepts. */
function byRhea({ line: { ca, ...line } }: ScaleConfig, took: () => void): void {
  const tls = ca === undefined ? {} : { transport: 'tls' as const, ca, servername: '' };
  const connection = rhea.create_container().connect({ ...line, ...tls, reconnect: false });
  connection.once('connection_open', () => {
    const address = dialectOf(connection.properties).address.queue(names.eventQueue);
    connection.open_receiver({ source: { address }, credit_window: 64 });
  });
  connection.on('message', took);
}

process.on('disconnect', () => process.exit());
process.on('message', async ({ start, by, warmUp, count }: ToIntake) => {
  const took = meter(warmUp, count);
  if (by === 'coffer') await byCoffer(start, took);
  else byRhea(start, took);
});
