import assert from 'node:assert/strict';
import type { Check } from './driver-check.ts';
import { printed, tells } from './driver-expect.ts';
import { type Live, liveGroup } from './driver-live.ts';
import type { World } from './driver-world.ts';

/** What was said by all the checks before these, searched for every password that they gave out. */
export function secretChecks(live: Live, group: string): Check[] {
  const search = (what: string, read: (world: World) => Promise<readonly string[]>) => async (world: World) => {
    const key = world.material?.key.split('\n')[1];
    const secrets = [...world.secrets, ...(key === undefined ? [] : [key])];
    for (const said of await read(world))
      for (const secret of secrets) {
        const at = said.indexOf(secret);
        assert(!tells(said, secret), `a secret in ${what}: …${said.slice(Math.max(0, at - 120), at)}`);
      }
  };

  return liveGroup(live, group, (add) => {
    add('none is in the inspection of the container or the arguments of its processes', async (world) => {
      const evidence = await world.guest.evidence();
      assert(evidence.length > 100, 'there is nothing to look at');
      await search('inspection or arguments', async () => [evidence])(world);
    });
    add(
      'none is in what the database has printed',
      search('the output', async (world) => [await world.guest.output()]),
    );
    add(
      'none is in the commands that were run in the container',
      search('a command', async ({ context }) => context.commands),
    );
    add(
      'none is in the log of the driver',
      search('the log', async ({ context }) => context.logged),
    );
    add(
      'none is in an error',
      search('an error', async ({ problems }) => problems.map(printed)),
    );
  });
}
