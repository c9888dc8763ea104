import assert from 'node:assert/strict';
import type { Check } from './driver-check.ts';
import { operation, until } from './driver-context.ts';
import { capabilityGroup, type Live, lacking } from './driver-live.ts';
import { home } from './driver-users.ts';
import type { World } from './driver-world.ts';

/** How long a figure may take to move. */
const PATIENCE_MS = 3_000;

/** A few figures that mean what they say. */
export function metricsChecks(live: Live): Check[] {
  const read = (world: World) => world.group('metrics').read(operation());
  const why = lacking(live, 'users');

  async function session(world: World) {
    const { database, databases } = await home(world);
    const password = world.secret();
    await world.group('users').create({ name: 'meter', password, databases }, operation());
    return world.login('meter', password, { database });
  }

  return capabilityGroup(live, 'metrics', (add) => {
    add('every figure is a number, and none is below zero', async (world) => {
      const {
        uptimeSeconds,
        connections,
        transactions = 0,
        buffer = { requests: 0, hits: 0 },
        engine,
      } = await read(world);
      const figures = { uptimeSeconds, ...connections, transactions, ...buffer, ...engine };
      for (const [name, value] of Object.entries(figures))
        assert(Number.isFinite(value) && value >= 0, `${name} is ${value}`);
    });

    add('the engine’s own figures are some, and at most 50', async (world) => {
      const count = Object.keys((await read(world)).engine).length;
      assert(count > 0 && count <= 50, `${count} figures`);
    });

    add('connections stay below their limit, and hits below the requests', async (world) => {
      const { connections, buffer } = await read(world);
      assert(connections.limit > 0 && connections.open <= connections.limit, JSON.stringify(connections));
      if (buffer) assert(buffer.hits <= buffer.requests, JSON.stringify(buffer));
    });

    add('the uptime goes up', async (world) => {
      const { uptimeSeconds } = await read(world);
      await until(
        'a later uptime',
        PATIENCE_MS,
        () => read(world),
        (later) => later.uptimeSeconds > uptimeSeconds,
      );
    });

    add(
      'an open session counts, and counts no more when it has ended',
      why ??
        (async (world) => {
          const { open } = (await read(world)).connections;
          const sessions = [await session(world), await session(world)];
          const is = (count: number) =>
            until(
              `${count} connections`,
              PATIENCE_MS,
              async () => (await read(world)).connections.open,
              (now) => now === count,
            );
          await is(open + 2);
          for (const one of sessions) await one.end();
          await is(open);
        }),
    );

    add(
      'transactions are counted',
      why ??
        (async (world) => {
          const { transactions } = await read(world);
          if (transactions === undefined) return;
          const one = await session(world);
          for (let time = 0; time < 5; time += 1) await world.words.write(one, 'key', `v${time}`);
          await one.end();
          await until(
            '5 transactions more',
            PATIENCE_MS,
            async () => (await read(world)).transactions ?? 0,
            (now) => now >= transactions + 5,
          );
        }),
    );

    add('a read is cheap: fifty in five seconds', async (world) => {
      const since = Date.now();
      for (let time = 0; time < 50; time += 1) await read(world);
      assert(Date.now() - since < 5_000, `they took ${Date.now() - since} ms`);
    });
  });
}
