import { randomBytes, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import rhea, { type Connection, type EventContext } from 'rhea';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Broker, BrokerAccount } from '../broker.ts';

export interface BrokerUnderTest {
  broker: Broker;
  dispose(): Promise<void>;
}

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
      act: (connection: Connection) => void,
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
        act(connection);
      });
    }
    const read = (account: BrokerAccount, address: string) =>
      attempt(account, (connection) => void connection.open_receiver({ source: { address }, credit_window: 1 }));
    const write = (account: BrokerAccount, address: string) =>
      attempt(account, (connection) => {
        const sender = connection.open_sender({ target: { address } });
        sender.once('sendable', () => void sender.send({ body: 'x' }));
      });
    const writeAnonymously = (account: BrokerAccount, to: string) =>
      attempt(account, (connection) => {
        const sender = connection.open_sender({ target: {} });
        sender.once('sendable', () => void sender.send({ to, body: 'x' }));
      });

    async function guest(): Promise<{ id: string; account: BrokerAccount }> {
      const id = randomUUID();
      await under.broker.prepareCopy('0'.repeat(32));
      return { id, account: await under.broker.grant(id, newPassword()) };
    }

    it('lets a guest receive from its own queue and send under its own keys', async () => {
      const { id, account } = await guest();
      expect(await read(account, `/queues/coffer.i.${id}.req`)).toBe('allowed');
      expect(await write(account, `/exchanges/amq.topic/${id}.event`)).toBe('allowed');
      expect(await writeAnonymously(account, `/exchanges/amq.topic/${id}.reply.${'0'.repeat(32)}`)).toBe('allowed');
    });

    it('refuses a guest everything else', async () => {
      const [mine, other] = [await guest(), await guest()];
      const refused = {
        'another guest’s queue': await read(mine.account, `/queues/coffer.i.${other.id}.req`),
        'the queue of events': await read(mine.account, '/queues/coffer.events'),
        'a copy’s replies': await read(mine.account, `/queues/coffer.replies.${'0'.repeat(32)}`),
        'sending to a queue': await write(mine.account, `/queues/coffer.i.${other.id}.req`),
        'sending to its own queue': await write(mine.account, `/queues/coffer.i.${mine.id}.req`),
        'another guest’s key': await write(mine.account, `/exchanges/amq.topic/${other.id}.event`),
        'another guest’s key, anonymously': await writeAnonymously(
          mine.account,
          `/exchanges/amq.topic/${other.id}.event`,
        ),
        'a queue, anonymously': await writeAnonymously(mine.account, `/queues/coffer.i.${other.id}.req`),
        'another exchange': await write(mine.account, `/exchanges/amq.direct/${mine.id}.event`),
        'a new queue': await read(mine.account, `/queues/mine-${mine.id}`),
      };
      expect(Object.entries(refused).filter(([, outcome]) => outcome !== 'refused')).toEqual([]);
    });

    it('refuses a wrong password, an unknown account, and a revoked one, whose open connections end', async () => {
      const { id, account } = await guest();
      await expect(connect(account, newPassword())).rejects.toBeDefined();
      await expect(connect({ ...account, username: randomUUID() })).rejects.toBeDefined();
      const connection = await connect(account);
      // By a close of the protocol or by the socket alone, as brokers have it.
      const ended = new Promise<void>((resolve) => {
        connection.once('connection_close', () => resolve());
        connection.once('disconnected', () => resolve());
      });
      await under.broker.revoke(id);
      await ended;
      await expect(connect(account)).rejects.toBeDefined();
      await under.broker.revoke(id);
      expect(await under.broker.list()).not.toContain(id);
    });

    it('can grant again, with the password that is then given', async () => {
      const { id, account } = await guest();
      const again = await under.broker.grant(id, account.password);
      expect(again).toEqual(account);
      const changed = await under.broker.grant(id, newPassword());
      await connect(changed);
      await expect(connect(account)).rejects.toBeDefined();
      expect(await under.broker.list()).toEqual([id]);
    });

    it('answers a ping', () => under.broker.ping());
  });
}
