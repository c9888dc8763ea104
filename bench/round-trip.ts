import { randomBytes, randomUUID } from 'node:crypto';
import type { Broker } from '@coffer/core';
import { createAgentTransport, createServerTransport, names } from '@coffer/core/amqp';
import { connectAgentLink, createGuestLink, createMemoryReplies, type GuestReport, newKeyPair } from '@coffer/core/rpc';
import { createMemoryDirectory } from '@coffer/core/testing';
import rhea, { type Connection, type ConnectionOptions, type EventContext } from 'rhea';
import { rabbitmqForTests } from '../test/support/rabbitmq.ts';
import { relayForTests } from '../test/support/relay.ts';

/*
 * A sealed command, server → broker → agent → broker → server, over TLS, beside two bare rhea peers with the same queues, durable
 * messages of the same size and the same TLS on the same broker in the same run. One at a time, the two taking turns.
 */

const ROUNDS = Number(process.argv[2] ?? 1_000);
const WARM_UP = 100;

interface Under {
  broker: Broker;
  service: { host: string; port: number; username: string; password: string; ca: string };
  dispose(): Promise<void>;
}

const REPORT: GuestReport = {
  state: 'healthy',
  agentBuild: 'bench',
  protocol: 1,
  clockMs: 0,
  detail: 'x'.repeat(1_500),
};

/** Our own links on both ends. @returns one round trip, and the end. */
async function sealed({ broker, service }: Under) {
  const instanceId = randomUUID();
  const directory = createMemoryDirectory();
  const token = directory.add(instanceId);
  const account = await broker.grant(instanceId, randomBytes(32).toString('base64url'));
  const copy = randomBytes(16).toString('hex');
  const server = createGuestLink({
    transport: createServerTransport({ ...service, copy, prepareCopy: (name) => broker.prepareCopy(name) }),
    directory,
    handlers: { driver_chunk: async () => ({ base64: '', totalBytes: 0 }) },
  });
  await server.start();
  const agent = await connectAgentLink({
    transport: createAgentTransport({ ...account, instanceId }),
    instanceId,
    keys: newKeyPair(),
    token,
    enrolled: async () => undefined,
    nextBoot: async () => 1,
    replies: createMemoryReplies(),
    handlers: { status: async () => REPORT },
  });
  while (!directory.row(instanceId)?.session) await new Promise((resolve) => setTimeout(resolve, 10));
  return {
    async once() {
      await server.call(instanceId, 'status', {}, { operationId: randomUUID(), timeoutMs: 10_000 });
    },
    async close() {
      await agent.close();
      await server.close();
      await broker.revoke(instanceId);
    },
  };
}

/** Two bare peers: a durable message to a queue, a durable answer by the topic exchange, accepted on arrival. */
async function bare({ broker, service }: Under) {
  const instanceId = randomUUID();
  const copy = randomBytes(16).toString('hex');
  await broker.prepareCopy(copy);
  await broker.grant(instanceId, randomBytes(32).toString('base64url'));
  const { host, port, username, password, ca } = service;
  const dial = (): Promise<Connection> =>
    new Promise((resolve, reject) => {
      const options: ConnectionOptions = {
        host,
        port,
        username,
        password,
        ca,
        transport: 'tls',
        servername: '',
        reconnect: false,
      };
      const connection = rhea.create_container().connect(options);
      connection.once('connection_open', () => resolve(connection));
      connection.once('connection_error', (context: EventContext) => reject(context.error));
    });
  const [near, far] = [await dial(), await dial()];
  const body = Buffer.alloc(2_000, 1);
  const message = { durable: true, body: rhea.message.data_section(body) };
  const answers = far.open_sender({ target: { address: `/exchanges/amq.topic/${names.replyKey(instanceId, copy)}` } });
  far.open_receiver({ source: { address: `/queues/${names.commandQueue(instanceId)}` }, credit_window: 64 });
  far.on('message', () => void answers.send(message));
  let arrived = () => {};
  near.open_receiver({ source: { address: `/queues/${names.replyQueue(copy)}` }, credit_window: 64 });
  near.on('message', () => arrived());
  const commands = near.open_sender({ target: { address: `/queues/${names.commandQueue(instanceId)}` } });
  await Promise.all(
    [answers, commands].map((sender) => new Promise<void>((resolve) => sender.once('sendable', () => resolve()))),
  );
  return {
    once: () =>
      new Promise<void>((resolve) => {
        arrived = resolve;
        commands.send(message);
      }),
    async close() {
      for (const connection of [near, far]) {
        connection.on('disconnected', () => undefined);
        connection.close();
      }
      await broker.revoke(instanceId);
    },
  };
}

interface Row {
  broker: string;
  what: 'sealed' | 'bare';
  medianMs: number;
  p99Ms: number;
  rounds: number;
}

function row(broker: string, what: Row['what'], times: number[]): Row {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 100) / 100;
  return { broker, what, medianMs: at(0.5), p99Ms: at(0.99), rounds: times.length };
}

const rows: Row[] = [];
for (const [name, make] of Object.entries({ relay: relayForTests, 'RabbitMQ 4': () => rabbitmqForTests() })) {
  const under: Under = await make();
  try {
    const peers = { sealed: await sealed(under), bare: await bare(under) };
    const times = { sealed: [] as number[], bare: [] as number[] };
    for (let i = -WARM_UP; i < ROUNDS; i += 1) {
      for (const what of ['sealed', 'bare'] as const) {
        const began = performance.now();
        await peers[what].once();
        if (i >= 0) times[what].push(performance.now() - began);
      }
    }
    rows.push(row(name, 'sealed', times.sealed), row(name, 'bare', times.bare));
    for (const peer of Object.values(peers)) await peer.close();
  } finally {
    await under.dispose();
  }
}

console.log('| broker | round trip | median ms | p99 ms |\n|---|---|---|---|');
for (const { broker, what, medianMs, p99Ms } of rows) console.log(`| ${broker} | ${what} | ${medianMs} | ${p99Ms} |`);
console.log(JSON.stringify({ bench: 'round-trip', rows }));
