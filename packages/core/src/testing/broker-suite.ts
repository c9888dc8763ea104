import { randomBytes, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import rhea, { type Connection, type EventContext } from 'rhea';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Dialect, dialectOf, EXCHANGE, names, type Way } from '../amqp/addresses.ts';
import type { Broker, BrokerAccount } from '../broker.ts';

export interface BrokerUnderTest {
  broker: Broker;
  dispose(): Promise<void>;
}

const COPY = '0'.repeat(32);
const newPassword = () => randomBytes(32).toString('base64url');

/** That an account at the broker is a cage: run it on your own broker. */
export function testBroker(name: string, make: () => Promise<BrokerUnderTest>): void {
  describe(`broker ${name}`, () => {
    let under: BrokerUnderTest;
    const open: Connection[] = [];
    beforeAll(async () => {
      under = await make();
    }, 180_000);
    afterEach(async () => {
      for (const connection of open.splice(0)) connection.close();
      for (const id of await under.broker.list()) await under.broker.revoke(id);
    });
    afterAll(() => under?.dispose());

    /** Connects as a program of an attacker would, and says how that ended. */
    function connect(account: BrokerAccount, password = account.password): Promise<Connection> {
      return new Promise((resolve, reject) => {
        const connection = rhea.create_container().connect({
          host: account.host,
          port: account.port,
          username: account.username,
          password,
          reconnect: false,
          ...(account.ca === undefined
            ? {}
            : { transport: 'tls', ca: account.ca, servername: isIP(account.host) ? '' : account.host }),
        });
        const refuse = (context: EventContext) => reject(context.error ?? new Error('refused'));
        for (const event of [
          'connection_error',
          'disconnected',
          'error',
          'session_error',
          'sender_error',
          'receiver_error',
        ])
          connection.on(event, refuse);
        connection.once('connection_open', () => {
          open.push(connection);
          resolve(connection);
        });
      });
    }

    /** What became of an attempt: the links that the broker opened, the messages that it took. */
    async function attempt(
      account: BrokerAccount,
      act: (connection: Connection, dialect: Dialect) => void,
    ): Promise<'allowed' | 'refused'> {
      const connection = await connect(account);
      return new Promise((resolve) => {
        const refused = () => resolve('refused');
        for (const event of [
          'session_error',
          'session_close',
          'sender_error',
          'sender_close',
          'receiver_error',
          'receiver_close',
          'connection_error',
          'disconnected',
          'rejected',
          'released',
        ]) {
          connection.on(event, refused);
        }
        connection.on('accepted', () => resolve('allowed'));
        // An attach that is refused is first opened and then closed; one that is allowed is still open after a round trip.
        connection.on('receiver_open', () => setTimeout(() => resolve('allowed'), 500));
        act(connection, dialectOf(connection.properties));
      });
    }
    /** A name is spelled as the broker wants it; a function spells it otherwise. */
    type Place = (dialect: Dialect) => string;
    const queue =
      (name: string): Place =>
      ({ address }) =>
        address.queue(name);
    const key =
      (name: string): Place =>
      ({ address }) =>
        address.key(name);
    const read = (account: BrokerAccount, place: Place) =>
      attempt(
        account,
        (connection, dialect) =>
          void connection.open_receiver({ source: { address: place(dialect) }, credit_window: 1 }),
      );
    const write = (account: BrokerAccount, place: Place) =>
      attempt(account, (connection, dialect) => {
        const sender = connection.open_sender({ target: { address: place(dialect) } });
        sender.once('sendable', () => void sender.send({ body: 'x' }));
      });
    /** By a sender whose messages each say where they go. */
    const writeFreely = (account: BrokerAccount, way: Way, name: string) =>
      attempt(account, (connection, dialect) => {
        const sender = connection.open_sender({ target: dialect.target(way) });
        sender.once('sendable', () => void sender.send({ ...dialect.destination(way, name), body: 'x' }));
      });

    async function guest(): Promise<{ id: string; account: BrokerAccount }> {
      const id = randomUUID();
      await under.broker.prepareCopy(COPY);
      return { id, account: await under.broker.grant(id, newPassword()) };
    }

    it('lets a guest receive from its own queue and send under its own keys', async () => {
      const { id, account } = await guest();
      expect(await read(account, queue(names.commandQueue(id)))).toBe('allowed');
      expect(await write(account, key(names.eventKey(id)))).toBe('allowed');
      expect(await writeFreely(account, 'key', names.replyKey(id, COPY))).toBe('allowed');
    });

    it('refuses a guest everything else', async () => {
      const [mine, other] = [await guest(), await guest()];
      const { account } = mine;
      const refused = {
        'another guest’s queue': await read(account, queue(names.commandQueue(other.id))),
        'the queue of events': await read(account, queue(names.eventQueue)),
        'a copy’s replies': await read(account, queue(names.replyQueue(COPY))),
        'sending to a queue': await write(account, queue(names.commandQueue(other.id))),
        'sending to its own queue': await write(account, queue(names.commandQueue(mine.id))),
        'another guest’s key': await write(account, key(names.eventKey(other.id))),
        'another guest’s key, freely': await writeFreely(account, 'key', names.eventKey(other.id)),
        'a queue, freely': await writeFreely(account, 'queue', names.commandQueue(other.id)),
        'another exchange': await write(account, (dialect) =>
          dialect.address.key(names.eventKey(mine.id)).replace(EXCHANGE, 'amq.direct'),
        ),
        'a queue that is not there': await read(account, queue(`mine-${mine.id}`)),
        // RabbitMQ 3 makes a queue for whoever receives so, if its account may.
        'a new queue': await read(account, () => `/queue/mine-${mine.id}`),
        'all keys': await read(account, () => `/exchange/${EXCHANGE}/#`),
      };
      expect(Object.entries(refused).filter(([, outcome]) => outcome !== 'refused')).toEqual([]);
    });

    it('refuses a wrong password, an unknown account, and a revoked one, whose open connections end', async () => {
      const { id, account } = await guest();
      await expect(connect(account, newPassword())).rejects.toBeDefined();
      await expect(connect({ ...account, username: randomUUID() })).rejects.toBeDefined();
      const connection = await connect(account);
      const own = dialectOf(connection.properties).address.queue(names.commandQueue(id));
      connection.open_receiver({ source: { address: own } });
      await new Promise((resolve) => connection.once('receiver_open', resolve));
      // By a close of the protocol or by the socket alone, as brokers have it; RabbitMQ 3 ends the session and begins no other.
      const ended = new Promise<void>((resolve) => {
        for (const event of ['session_close', 'connection_close', 'disconnected'])
          connection.once(event, () => resolve());
      });
      await under.broker.revoke(id);
      await ended;
      await expect(connect(account)).rejects.toBeDefined();
      await under.broker.revoke(id);
      expect(await under.broker.list()).not.toContain(id);
      expect(await under.broker.has(id)).toBe(false);
    });

    it('can grant again, with the password that is then given', async () => {
      const { id, account } = await guest();
      const again = await under.broker.grant(id, account.password);
      expect(again).toEqual(account);
      const changed = await under.broker.grant(id, newPassword());
      await connect(changed);
      await expect(connect(account)).rejects.toBeDefined();
      expect(await under.broker.list()).toEqual([id]);
      expect([await under.broker.has(id), await under.broker.has(randomUUID())]).toEqual([true, false]);
    });

    it('answers a ping', () => under.broker.ping());
  });
}
