import assert from 'node:assert/strict';
import type { Settings } from '../driver/configuration.ts';
import type { LogSource } from '../driver/logs.ts';
import type { Check } from './driver-check.ts';
import { operation, recordedContext, until } from './driver-context.ts';
import { tells } from './driver-expect.ts';
import { capabilityGroup, type Live, lacking } from './driver-live.ts';
import { home } from './driver-users.ts';
import type { World } from './driver-world.ts';

const LINES = 20;
/** How long a line may take to its file. */
const PATIENCE_MS = 3_000;

/** Logs: where they are, switched on and off, and handed over without a lost line. */
export function logsChecks(live: Live): Check[] {
  const { test } = live;
  const group = (world: World) => world.group('logs');
  const textOf = async (world: World, { path }: LogSource): Promise<string> =>
    path === undefined ? world.guest.output() : ((await world.guest.read(path)) ?? '');
  let drawn = 0;
  const text = (): string => {
    drawn += 1;
    return `mark${drawn}x${Date.now().toString(36)}`;
  };

  const sources = (): readonly LogSource[] => {
    if (lacking(live, 'logs')) return [];
    const context = recordedContext(test, { endpoint: () => ({ socketPath: '/nonexistent/s' }) });
    return test.factory.create(context).logs?.sources() ?? [];
  };

  /** By a tenant that may write everywhere it can. */
  async function write(world: World, source: LogSource, texts: readonly string[]): Promise<void> {
    const password = world.secret();
    const { database, databases } = await home(world);
    await world.group('users').create({ name: 'logger', password, databases }, operation());
    await world.as('logger', password, { database }, async (session) => {
      for (const one of texts) await test.logs?.[source.name]?.(session, one);
    });
  }

  const appears = (world: World, source: LogSource, wanted: string): Promise<string> =>
    until(
      `${wanted} in the log ${source.name}`,
      PATIENCE_MS,
      () => textOf(world, source),
      (content) => content.includes(wanted),
    );

  async function switched(world: World, settings: Settings, work: () => Promise<void>, back: Settings): Promise<void> {
    const put = async (values: Settings): Promise<void> => {
      world.settings = { ...world.settings, ...values };
      await world.lay();
      const outcomes = await world.group('configuration').apply(values, operation());
      for (const [name, { outcome }] of Object.entries(outcomes)) assert.equal(outcome, 'applied', name);
    };
    await put(settings);
    try {
      await work();
    } finally {
      await put(back);
    }
  }

  return capabilityGroup(live, 'logs', (add) => {
    add('there are sources, each with a name of its own, and always the same', async (world) => {
      const found = group(world).sources();
      assert(found.length > 0, 'no source');
      assert.deepEqual(group(world).sources(), found);
      assert.equal(new Set(found.map(({ name }) => name)).size, found.length, 'two sources of one name');
      for (const { name } of found) assert.match(name, /^[a-z][a-z0-9_]*$/);
    });

    add('their files lie on data mounts', async (world) => {
      const mounts = world.driver.container().mounts.filter(({ kind }) => kind === 'data');
      for (const { path } of group(world).sources())
        if (path !== undefined)
          assert(
            mounts.some(({ target }) => path.startsWith(`${target}/`)),
            path,
          );
    });

    add('what switches a log switches it back', async (world) => {
      for (const { name, switch: both } of group(world).sources()) {
        if (!both) continue;
        assert(world.driver.configuration, 'a switch needs the group configuration');
        assert.deepEqual(Object.keys(both.on).toSorted(), Object.keys(both.off).toSorted(), name);
        assert.notDeepEqual(both.on, both.off, name);
      }
    });

    add('reopen without a renamed file is harmless, twice', async (world) => {
      for (let time = 0; time < 2; time += 1) await group(world).reopen(operation());
      assert.deepEqual(await world.driver.probe(operation()), { state: 'healthy' });
    });

    for (const source of sources()) {
      const { name, switch: both, path } = source;
      const why = test.logs?.[name] ? undefined : 'nothing to write into it is given';
      const on = (world: World, work: () => Promise<void>) =>
        both ? switched(world, both.on, work, both.off) : work();

      if (both === undefined)
        add(`${name} is always written`, async (world) => {
          assert((await textOf(world, source)).length > 0, 'it is empty');
        });
      else
        add(
          `${name} is written while it is on, and only then`,
          why ??
            (async (world) => {
              const [before, during, after] = [text(), text(), text()];
              await write(world, source, [before]);
              await switched(
                world,
                both.on,
                async () => {
                  await write(world, source, [during]);
                  await appears(world, source, during);
                },
                both.off,
              );
              await write(world, source, [after]);
              const content = await textOf(world, source);
              assert(!content.includes(before), 'written before it was on');
              assert(!content.includes(after), 'written after it was off');
            }),
        );

      add(
        `${name} goes on in a new file after reopen, and no line is lost`,
        path === undefined
          ? 'it has no file'
          : (why ??
              ((world) =>
                on(world, async () => {
                  const texts = Array.from({ length: LINES }, text);
                  const [first = '', last = ''] = [texts.at(0), texts.at(-1)];
                  await write(world, source, [first]);
                  await appears(world, source, first);
                  const writing = write(world, source, texts.slice(1, -1));
                  const older = `${path}.1`;
                  await world.guest.rename(path, older);
                  await group(world).reopen(operation());
                  await writing;
                  await write(world, source, [last]);
                  await appears(world, source, last);
                  const all = ((await world.guest.read(older)) ?? '') + (await textOf(world, source));
                  assert.deepEqual(
                    texts.filter((one) => !all.includes(one)),
                    [],
                    'lines that are in neither file',
                  );
                  assert(!((await world.guest.read(older)) ?? '').includes(last), 'it goes on in the renamed file');
                }))),
        60_000,
      );

      add(
        `${name} tells nothing of the service’s password`,
        path === undefined
          ? 'it has no file'
          : async (world) => {
              assert(!tells(await textOf(world, source), world.context.serviceAccount.password), 'a secret in the log');
            },
      );
    }
  });
}
