import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AgentTransport, ServerTransport } from '../rpc/transport.ts';

export interface TransportUnderTest {
  server(copy: string): Promise<ServerTransport>;
  /** A guest's transport; its account and queue are there when this resolves. */
  agent(instanceId: string): Promise<AgentTransport>;
  /** Ends and starts the broker, where there is one to restart. Messages that it has taken may be lost if `losesOnRestart`. */
  restart?(): Promise<void>;
  losesOnRestart?: boolean;
  dispose(): Promise<void>;
}

/** How sealed bytes travel, whatever carries them: run it on your own transport. */
export function testTransport(name: string, make: () => Promise<TransportUnderTest>): void {
  describe(`transport ${name}`, () => {
    let under: TransportUnderTest;
    const open: { close(): Promise<void> }[] = [];
    beforeAll(async () => {
      under = await make();
    }, 180_000);
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
    });
    afterAll(() => under?.dispose());

    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const text = (raw: Uint8Array): string => new TextDecoder().decode(raw);
    const newCopy = () => randomBytes(16).toString('hex');

    interface Inbox {
      got: string[];
      take(raw: Uint8Array): Promise<void>;
      /** Resolves once all of these have arrived, in any order, repeats aside. */
      has(...wanted: string[]): Promise<void>;
    }
    function inbox(): Inbox {
      const got: string[] = [];
      let check = () => {};
      return {
        got,
        async take(raw) {
          got.push(text(raw));
          check();
        },
        has: (...wanted) =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(
              () =>
                reject(
                  new Error(
                    `of ${wanted.length} messages ${wanted.filter((one) => !got.includes(one)).length} did not arrive within 30 s`,
                  ),
                ),
              30_000,
            );
            check = () => {
              if (!wanted.every((one) => got.includes(one))) return;
              clearTimeout(timer);
              resolve();
            };
            check();
          }),
      };
    }

    async function server(copy = newCopy(), replies = inbox(), events = inbox()) {
      const transport = await under.server(copy);
      open.push(transport);
      await transport.start({ onReply: replies.take, onEvent: events.take });
      return { transport, replies, events, copy };
    }
    async function agent(instanceId: string = randomUUID(), commands = inbox()) {
      const transport = await under.agent(instanceId);
      open.push(transport);
      await transport.start(commands.take);
      return { transport, commands, instanceId };
    }

    it('carries bytes unchanged in all three directions', async () => {
      const control = await server();
      const guest = await agent();
      const odd = Uint8Array.from([0, 255, 1, 128, 10, 13, 0]);
      const raw: Uint8Array[] = [];
      const other = await under.agent(guest.instanceId);
      await other.close();
      await control.transport.send(guest.instanceId, bytes('down'), { ttlMs: 10_000 });
      await guest.commands.has('down');
      await guest.transport.reply(control.copy, bytes('reply'));
      await guest.transport.event(bytes('event'));
      await control.replies.has('reply');
      await control.events.has('event');
      const second = await under.server(newCopy());
      open.push(second);
      await second.start({
        onReply: async (got) => void raw.push(Uint8Array.from(got)),
        onEvent: async () => undefined,
      });
      await guest.transport.reply(second.copy, odd);
      await expect.poll(() => raw, { timeout: 10_000 }).toEqual([odd]);
    });

    it('gives a reply to the copy that asked, and to no other', async () => {
      const [one, two] = [await server(), await server()];
      const guest = await agent();
      await guest.transport.reply(one.copy, bytes('for one'));
      await guest.transport.reply(two.copy, bytes('for two'));
      await one.replies.has('for one');
      await two.replies.has('for two');
      expect([one.replies.got, two.replies.got]).toEqual([['for one'], ['for two']]);
    });

    it('gives each event to one of the copies', async () => {
      const [one, two] = [await server(), await server()];
      const guest = await agent();
      const sent = Array.from({ length: 20 }, (_, i) => `event ${i}`);
      for (const event of sent) await guest.transport.event(bytes(event));
      await expect.poll(() => [...one.events.got, ...two.events.got].sort(), { timeout: 10_000 }).toEqual(sent.sort());
    });

    it('lets nobody’s large event hold up the others', async () => {
      const control = await server();
      const guest = await agent();
      await guest.transport.event(new Uint8Array(1024 * 1024)).catch(() => undefined);
      await guest.transport.event(bytes('small'));
      await control.events.has('small');
    });

    it('keeps commands for a guest that is away, in order', async () => {
      const control = await server();
      const { instanceId, transport } = await agent();
      await transport.close();
      for (const command of ['first', 'second', 'third'])
        await control.transport.send(instanceId, bytes(command), { ttlMs: 30_000 });
      const back = await agent(instanceId);
      await back.commands.has('first', 'second', 'third');
      expect(back.commands.got).toEqual(['first', 'second', 'third']);
    });

    it('brings a message again whose handler failed', async () => {
      const control = await server();
      const commands = inbox();
      let failures = 2;
      const instanceId = randomUUID();
      const transport = await under.agent(instanceId);
      open.push(transport);
      await transport.start(async (raw) => {
        if (failures-- > 0) throw new Error('not now');
        await commands.take(raw);
      });
      await control.transport.send(instanceId, bytes('again'), { ttlMs: 30_000 });
      await commands.has('again');
      expect(failures).toBe(-1);
    });

    it('gives back what a receiver had not settled when it went', async () => {
      const control = await server();
      const instanceId = randomUUID();
      const first = await under.agent(instanceId);
      const reached = Promise.withResolvers<void>();
      await first.start(() => {
        reached.resolve();
        return new Promise(() => {}); // never settled
      });
      await control.transport.send(instanceId, bytes('unsettled'), { ttlMs: 30_000 });
      await reached.promise;
      await first.close();
      const second = await agent(instanceId);
      await second.commands.has('unsettled');
    });

    it('loses nothing when the broker restarts', async ({ skip }) => {
      if (!under.restart) return skip('this transport has no broker to restart');
      const control = await server();
      const guest = await agent();
      // A sender repeats what was not taken, as every sender of ours does.
      const untilTaken = async (send: () => Promise<void>) => {
        for (let isTaken = false; !isTaken; )
          isTaken = await send().then(
            () => true,
            () => false,
          );
      };
      const restarting = under.restart();
      let isBack = false;
      const back = restarting.finally(() => {
        isBack = true;
      });
      const [commands, events]: [string[], string[]] = [[], []];
      // Both ways, from before the broker goes until after it is back.
      const lane = async (number: number) => {
        for (let i = 0; i < 20 || !isBack; i += 1) {
          const [command, event] = [`command ${number}.${i}`, `event ${number}.${i}`];
          const ttlMs = 120_000;
          await untilTaken(() => control.transport.send(guest.instanceId, bytes(command), { ttlMs }));
          await untilTaken(() => guest.transport.event(bytes(event)));
          commands.push(command);
          events.push(event);
        }
      };
      await Promise.all([lane(1), lane(2), lane(3), back]);
      if (under.losesOnRestart) {
        // What rides on such a broker is repeated by its sender until it is answered; the connection must come back by itself.
        await control.transport.send(guest.instanceId, bytes('afterwards'), { ttlMs: 60_000 });
        await guest.commands.has('afterwards');
      } else {
        await guest.commands.has(...commands);
        await control.events.has(...events);
      }
    }, 120_000);
  });
}
