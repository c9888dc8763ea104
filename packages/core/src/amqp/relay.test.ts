import { connect as connectTcp } from 'node:net';
import rhea, { type Connection, type EventContext, type Sender } from 'rhea';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { address, names } from './addresses.ts';
import { AmqpLine } from './line.ts';
import { topic } from './queue.ts';
import { createRelay, type Relay } from './relay.ts';

let relay: Relay;
const open: Connection[] = [];
beforeEach(async () => {
  relay = await createRelay({
    host: '127.0.0.1',
    port: 0,
    maxQueueLength: 3,
    maxQueueBytes: 1_000,
    maxMessageBytes: 800,
    authenticate: async (username) =>
      username === 'service' ? { role: 'service' } : { role: 'guest', instanceId: username },
  });
  relay.declareQueue('q', '*.event');
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await relay.close();
});

function connect(username: string): Promise<Connection> {
  const connection = rhea.create_container().connect({ port: relay.port, username, password: 'x', reconnect: false });
  for (const event of ['disconnected', 'session_error', 'sender_error', 'receiver_error', 'error'])
    connection.on(event, () => undefined);
  open.push(connection);
  return new Promise((resolve) => connection.once('connection_open', () => resolve(connection)));
}

/** Sends and says what the relay made of it. */
async function outcomes(sender: Sender, bodies: readonly unknown[], ttl?: number): Promise<string[]> {
  const got: string[] = [];
  const all = new Promise<void>((resolve) => {
    for (const outcome of ['accepted', 'released', 'rejected'])
      sender.on(outcome, () => {
        got.push(outcome);
        if (got.length === bodies.length) resolve();
      });
  });
  await new Promise<void>((resolve) => sender.once('sendable', () => resolve()));
  for (const body of bodies) sender.send({ body, ...(ttl === undefined ? {} : { ttl }) });
  await all;
  return got;
}

const bytes = (length: number) => rhea.message.data_section(Buffer.alloc(length));

describe('the relay', () => {
  it('takes no more than its queues may hold, in number and in bytes', async () => {
    const many = (await connect('service')).open_sender({ target: { address: address.queue('q') } });
    expect(await outcomes(many, [bytes(1), bytes(1), bytes(1), bytes(1)])).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'released',
    ]);
    relay.deleteQueue('q');
    relay.declareQueue('q');
    const large = (await connect('service')).open_sender({ target: { address: address.queue('q') } });
    expect(await outcomes(large, [bytes(801), bytes(600), bytes(600)])).toEqual(['rejected', 'accepted', 'released']);
  });

  it('counts what is delivered and not settled, and gives room back when it is', async () => {
    const connection = await connect('service');
    const receiver = connection.open_receiver({ source: { address: address.queue('q') }, autoaccept: false });
    const first = new Promise<EventContext>((resolve) => receiver.once('message', resolve));
    const sender = connection.open_sender({ target: { address: address.queue('q') } });
    expect(await outcomes(sender, [bytes(700), bytes(700)])).toEqual(['accepted', 'released']);
    (await first).delivery?.accept();
    const again = connection.open_sender({ target: { address: address.queue('q') } });
    expect(await outcomes(again, [bytes(700)])).toEqual(['accepted']);
  });

  it('throws away what is older than its time to live', async () => {
    const connection = await connect('service');
    const sender = connection.open_sender({ target: { address: address.queue('q') } });
    await outcomes(sender, [bytes(5)], 1);
    const before = Date.now();
    await expect.poll(() => Date.now() - before).toBeGreaterThan(5);
    await outcomes(connection.open_sender({ target: { address: address.queue('q') } }), [bytes(7)]);
    const receiver = connection.open_receiver({ source: { address: address.queue('q') } });
    const { message } = await new Promise<EventContext>((resolve) => receiver.once('message', resolve));
    expect(message?.body).toHaveProperty('content.length', 7);
  });

  it('refuses bodies whose size it cannot tell', async () => {
    const sender = (await connect('service')).open_sender({ target: { address: address.queue('q') } });
    expect(await outcomes(sender, [{ a: 1 }, ['x'], 'text'])).toEqual(['rejected', 'rejected', 'accepted']);
  });

  it('survives addresses that do not decode', async () => {
    for (const bad of ['/queues/%', '/exchanges/amq.topic/%', '%', '', '/', '//']) {
      const guest = await connect('guest');
      const read = new Promise((resolve) => guest.once('receiver_close', resolve));
      guest.open_receiver({ source: { address: bad } });
      await read;
      const other = await connect('guest');
      const closed = new Promise((resolve) => other.once('session_close', resolve));
      const sender = other.open_sender({ target: {} });
      sender.once('sendable', () => void sender.send({ to: bad, body: 'x' }));
      await closed;
    }
    const fine = (await connect('guest')).open_sender({ target: { address: address.key(names.eventKey('guest')) } });
    expect(await outcomes(fine, ['x'])).toEqual(['accepted']);
  });
});

it('topic patterns match whole words', () => {
  expect(topic('*.event').test('a.event')).toBe(true);
  expect(topic('*.event').test('a.b.event')).toBe(false);
  expect(topic('*.reply.c+').test('a.reply.c+')).toBe(true);
  expect(topic('*.reply.c+').test('a.reply.cc')).toBe(false);
  expect(topic('a.#').test('a.b.c')).toBe(true);
});

it('leaves no timer behind that would hold the process, and neither does a line', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const before = timers();
  const line = new AmqpLine({
    host: '127.0.0.1',
    port: relay.port,
    username: 'service',
    password: 'x',
    name: 'line',
    sendsTo: 'queue',
  });
  await line.open([{ queue: 'q', handler: async () => undefined }]);
  await line.send('q', new Uint8Array(1), 1_000);
  expect(timers()).toBeGreaterThan(before);
  await line.close();
  await relay.close();
  await expect.poll(timers).toBeLessThanOrEqual(before);
});

it('a line that never reached its broker ends when it is closed', async () => {
  const line = new AmqpLine({
    host: '127.0.0.1',
    port: 1,
    username: 'u',
    password: 'x',
    name: 'line',
    sendsTo: 'queue',
  });
  const opening = line.open([]);
  await line.close();
  await expect(opening).rejects.toMatchObject({ code: 'unavailable' });
});

it('ends though a peer took a connection and says nothing', async () => {
  const silent = connectTcp({ host: '127.0.0.1', port: relay.port });
  silent.on('error', () => undefined);
  await new Promise<void>((resolve) => silent.once('connect', () => resolve()));
  await relay.close();
});
