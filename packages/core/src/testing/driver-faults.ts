import assert from 'node:assert/strict';
import { Problem } from '../problem.ts';
import type { Check } from './driver-check.ts';
import { operation, until } from './driver-context.ts';
import { late } from './driver-life.ts';
import { type Live, lacking, liveGroup } from './driver-live.ts';
import type { World } from './driver-world.ts';

const DEADLINE_MS = 2_000;
const GRACE_MS = 2_000;

/** A disk without a byte left. Its database is used for nothing else afterwards. */
export function faultChecks(live: Live): Check[] {
  const why = lacking(live, 'users');

  const create = (world: World, name: string, password: string, timeoutMs?: number) =>
    world.group('users').create({ name, password, databases: [] }, operation(timeoutMs));

  async function full(world: World, work: () => Promise<void>): Promise<void> {
    await world.guest.fillDisk();
    try {
      await work();
    } finally {
      await world.guest.freeDisk();
    }
  }

  /** Where the full disk has ended the database, it is started again, as the agent would. */
  async function served(world: World): Promise<void> {
    const { state } = await world.driver.probe(operation());
    if (state === 'down') await world.start();
    await until(
      'a healthy database',
      60_000,
      () => world.driver.probe(operation()),
      (health) => health.state === 'healthy',
    );
  }

  return liveGroup(live, 'full disk', (add) => {
    add(
      'a probe returns within its deadline, and serves again when there is room',
      async (world) => {
        await full(world, async () => {
          const health = await Promise.race([world.driver.probe(operation(DEADLINE_MS)), late(DEADLINE_MS + GRACE_MS)]);
          assert(['healthy', 'blocked', 'down', 'starting'].includes(health.state), health.state);
        });
        await served(world);
      },
      90_000,
    );

    add(
      'a call that changes something ends by its deadline, is done or says why, and its repeat mends it',
      why ??
        (async (world) => {
          const password = world.secret();
          await full(world, async () => {
            for (let count = 0; count < 3; count += 1) {
              const asked = create(world, `full${count}`, password, DEADLINE_MS).catch((error: unknown) => error);
              const outcome = await Promise.race([asked, late(DEADLINE_MS + GRACE_MS)]);
              if (outcome instanceof Error) assert(outcome instanceof Problem, String(outcome));
              else assert.equal(outcome, 'created');
            }
          });
          await served(world);
          for (let count = 0; count < 3; count += 1) await create(world, `full${count}`, password);
          assert.deepEqual(
            (await world.users()).map(({ name }) => name),
            ['full0', 'full1', 'full2'],
          );
        }),
      120_000,
    );
  });
}
