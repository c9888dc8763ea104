import assert from 'node:assert/strict';
import type { ConfigurationGroup, ParameterOutcome, ParameterValue, Settings } from '../driver/configuration.ts';
import type { Operation } from '../driver/operation.ts';
import { isSameValue } from '../driver/parameters.ts';
import { Problem } from '../problem.ts';
import type { ContainerFile } from '../runtime.ts';
import type { Check } from './driver-check.ts';
import { operation, recordedContext, versionOf } from './driver-context.ts';
import { refusedWith } from './driver-expect.ts';
import type { DriverTest } from './driver-harness.ts';
import { capabilityGroup, type Live } from './driver-live.ts';
import type { World } from './driver-world.ts';

/** Each would say something else than one parameter, if it were written as it is. */
const HOSTILE_VALUES = ['a\nb = 1', 'a\r\nb = 1', 'nul\0', 'a\u0007b'];
const HOSTILE_PARAMETERS = ['a\nb', 'a = 1\nb', '[section]', '', 'a b', '#a', "a'"];
const QUOTED_VALUES = [`it's "quoted"`, 'back\\slash', '# no comment', '; no comment', ' edges ', 'a=b', '%$`{}'];

/** Each parameter means to the engine what was wanted, and there is no other. */
export function sameSettings(test: DriverTest, actual: Settings, wanted: Settings, what: string): void {
  assert.deepEqual(Object.keys(actual).toSorted(), Object.keys(wanted).toSorted(), what);
  const known = new Map(versionOf(test).parameters.map((parameter) => [parameter.name, parameter]));
  for (const [name, value] of Object.entries(wanted)) {
    const parameter = known.get(name);
    const found = actual[name];
    assert(parameter, `${name} is not in the catalogue`);
    assert(found !== undefined && isSameValue(parameter, found, value), `${what}: ${name} is ${found}, not ${value}`);
  }
}

/**
 * As the agent does it: the files of the next start are laid, then the running database is told.
 * @param by another driver of the same database
 */
export async function configure(
  world: World,
  changes: Readonly<Record<string, ParameterValue | null>>,
  op: Operation = operation(),
  by: ConfigurationGroup = world.group('configuration'),
): Promise<Record<string, ParameterOutcome>> {
  const next = Object.entries({ ...world.settings, ...changes });
  world.settings = Object.fromEntries(next.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
  await world.lay();
  return by.apply(changes, op);
}

/** Parameters: rendered for the next start, put into the running database, read back from it. */
export function configurationChecks(live: Live): Check[] {
  const { test } = live;
  const { configuration: words } = test;
  const catalogue = versionOf(test).parameters;
  const known = new Map(catalogue.map((parameter) => [parameter.name, parameter]));
  const group = (world: World) => world.group('configuration');
  const paths = (files: readonly ContainerFile[]): string[] => files.map(({ path }) => path);
  const why = words ? undefined : 'no parameters to try are given';

  /** A driver that is nowhere: rendering needs no database. */
  function pure<T>(work: (configuration: ConfigurationGroup, settings: Settings) => T): T {
    const context = recordedContext(test, { endpoint: () => ({ socketPath: '/nonexistent/s' }) });
    const { configuration } = test.factory.create(context);
    if (!configuration) throw new Error('the group configuration is missing');
    return work(configuration, { ...context.settings });
  }

  const same = (actual: Settings, wanted: Settings, what: string): void => sameSettings(test, actual, wanted, what);

  /** Whatever was changed is put back to what it was. */
  async function keeping(world: World, work: (dynamic: Settings, before: Settings) => Promise<void>): Promise<void> {
    const dynamic = words?.dynamic ?? {};
    const before = await group(world).effective(Object.keys(dynamic), operation());
    try {
      await work(dynamic, before);
    } finally {
      world.guest.wire.flow();
      await configure(world, before);
    }
  }

  return capabilityGroup(live, 'configuration', (add) => {
    add('render is pure', async () => {
      pure((configuration, settings) => {
        const frozen = Object.freeze({ ...settings, ...words?.dynamic });
        const files = configuration.render(frozen);
        assert.deepEqual(configuration.render(frozen), files);
        assert(files.length > 0, 'no file');
        pure((other) => assert.deepEqual(other.render(frozen), files, 'another driver renders something else'));
      });
    });

    add('render says what it is given', async () => {
      pure((configuration, settings) => {
        const text = (values: Settings): string =>
          configuration
            .render(values)
            .map(({ content }) => content)
            .join('\n');
        for (const [name, value] of Object.entries({ ...words?.dynamic, ...words?.restart }))
          assert.notEqual(
            text({ ...settings, [name]: value }),
            text(settings),
            `${name} = ${value} makes no difference`,
          );
      });
    });

    add('the places of the files do not depend on the settings', async () => {
      pure((configuration, settings) => {
        assert.deepEqual(
          paths(configuration.render({})),
          paths(configuration.render({ ...settings, ...words?.dynamic })),
        );
      });
    });

    add('a value that would say more than one parameter is refused', async () => {
      pure((configuration) => {
        const [name = 'any'] = [...catalogue.filter(({ type }) => type === 'string'), ...catalogue].map(
          (one) => one.name,
        );
        for (const value of HOSTILE_VALUES)
          assert.throws(() => configuration.render({ [name]: value }), { code: 'bad_request' }, JSON.stringify(value));
        for (const parameter of HOSTILE_PARAMETERS)
          assert.throws(() => configuration.render({ [parameter]: 1 }), Problem, JSON.stringify(parameter));
      });
    });

    add('a value with quotes stays on its line', async () => {
      pure((configuration) => {
        const [name = 'any'] = [...catalogue.filter(({ type }) => type === 'string'), ...catalogue].map(
          (one) => one.name,
        );
        const lines = (value: string): number =>
          configuration.render({ [name]: value }).flatMap(({ content }) => content.split('\n')).length;
        for (const value of QUOTED_VALUES) assert.equal(lines(value), lines('plain'), JSON.stringify(value));
      });
    });

    add('every parameter of the catalogue is read back in its type', async (world) => {
      const read = await group(world).effective([...known.keys()], operation());
      const missing = [...known.keys()].filter((name) => !Object.hasOwn(read, name));
      assert.deepEqual(missing, [], 'parameters of the catalogue that the database does not know');
      const types = { integer: 'number', float: 'number', string: 'string', boolean: 'boolean' } as const;
      for (const { name, type } of catalogue) assert.equal(typeof read[name], types[type], name);
    });

    add('what the sizing set is in force', async (world) => {
      const { settings } = world.context;
      same(await group(world).effective(Object.keys(settings), operation()), settings, 'after the start');
    });

    add('names that the database does not know are left out', async (world) => {
      assert.deepEqual(await group(world).effective(['no_such_parameter', "x'; --", ''], operation()), {});
      assert.deepEqual(await group(world).effective([], operation()), {});
    });

    add(
      'what is applied is in force, twice, and each has its outcome',
      why ??
        ((world) =>
          keeping(world, async (dynamic) => {
            const wanted = Object.fromEntries(Object.keys(dynamic).map((name) => [name, { outcome: 'applied' }]));
            for (let time = 0; time < 2; time += 1) {
              assert.deepEqual(await configure(world, dynamic), wanted);
              same(await group(world).effective(Object.keys(dynamic), operation()), dynamic, 'after apply');
            }
          })),
    );

    add(
      'what is in force is read from the database, also by another driver and after a change by another',
      why ??
        ((world) =>
          keeping(world, async (dynamic, before) => {
            const names = Object.keys(dynamic);
            const other = world.another();
            try {
              await configure(world, dynamic);
              same((await other.configuration?.effective(names, operation())) ?? {}, dynamic, 'by another driver');
              await configure(world, before, operation(), other.configuration);
              same(await group(world).effective(names, operation()), before, 'after the other has changed it back');
            } finally {
              await other.close();
            }
          })),
    );

    add(
      'null is the default of the database',
      why ??
        ((world) =>
          keeping(world, async (dynamic) => {
            const nulls = Object.fromEntries(Object.keys(dynamic).map((name) => [name, null]));
            await configure(world, nulls);
            const defaults = await group(world).effective(Object.keys(dynamic), operation());
            await configure(world, dynamic);
            const outcomes = await configure(world, nulls);
            for (const [name, { outcome }] of Object.entries(outcomes)) assert.equal(outcome, 'applied', name);
            same(await group(world).effective(Object.keys(dynamic), operation()), defaults, 'after null');
          })),
    );

    add(
      'what needs a restart says so, and the running database keeps what it has',
      why ??
        (async (world) => {
          const names = Object.keys(words?.restart ?? {});
          const before = await group(world).effective(names, operation());
          try {
            const outcomes = await configure(world, words?.restart ?? {});
            for (const name of names) assert.deepEqual(outcomes[name], { outcome: 'restart_required' }, name);
            same(await group(world).effective(names, operation()), before, 'before a restart');
          } finally {
            await configure(world, before);
          }
        }),
    );

    add(
      'a value that the database refuses is rejected, with a reason, and keeps none of the others back',
      why ??
        (words?.rejected === undefined
          ? 'the database takes whatever the manifest allows'
          : (world) =>
              keeping(world, async (dynamic) => {
                const { name, value } = words.rejected ?? { name: '', value: '' };
                const before = await group(world).effective([name], operation());
                const outcomes = await configure(world, { ...dynamic, [name]: value });
                const outcome = outcomes[name];
                assert(outcome?.outcome === 'rejected', `${name}: ${JSON.stringify(outcome)}`);
                assert(outcome.reason.length > 5, 'no reason');
                same(await group(world).effective([name], operation()), before, 'the rejected one');
                const { [name]: _, ...others } = dynamic;
                same(await group(world).effective(Object.keys(others), operation()), others, 'the others');
              })),
    );

    add('a name that the database does not know is rejected', async (world) => {
      for (const name of ['no_such_parameter', "x'; --", 'x = 1; y']) {
        const outcomes = await group(world).apply({ [name]: 1 }, operation());
        assert.deepEqual(Object.keys(outcomes), [name]);
        assert.equal(outcomes[name]?.outcome, 'rejected', name);
      }
      assert.deepEqual(await group(world).apply({}, operation()), {});
    });

    add('a hostile value is taken as one value, or rejected', async (world) => {
      const texts = catalogue.filter(
        ({ type, restartRequired, enum: values }) => type === 'string' && !restartRequired && !values,
      );
      for (const { name } of texts.slice(0, 3)) {
        const before = await group(world).effective([name], operation());
        for (const value of [`'; DROP DATABASE x; --`, `"`, '\\', ...QUOTED_VALUES]) {
          const outcome = (await configure(world, { [name]: value }))[name];
          const now = (await group(world).effective([name], operation()))[name];
          if (outcome?.outcome === 'applied') assert.equal(now, value, name);
          else assert.equal(outcome?.outcome, 'rejected', `${name}: ${JSON.stringify(value)}`);
        }
        await configure(world, before);
      }
      assert.deepEqual(await world.driver.probe(operation()), { state: 'healthy' });
    });

    add('a database that is away is told as a problem, not as an outcome', async (world) => {
      const [name = 'any'] = Object.keys(words?.dynamic ?? {});
      world.guest.wire.stall();
      try {
        const cut = AbortSignal.timeout(200);
        await refusedWith('timeout', group(world).apply({ [name]: 1 }, operation(5_000, cut)));
      } finally {
        world.guest.wire.flow();
      }
    });
  });
}
