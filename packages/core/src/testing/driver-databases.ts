import assert from 'node:assert/strict';
import { ofVersion } from '../driver/manifest.ts';
import { checkDatabaseName } from '../driver/names.ts';
import type { Check } from './driver-check.ts';
import { operation, versionOf } from './driver-context.ts';
import { allPages, byBytes, refusedWith } from './driver-expect.ts';
import { capabilityGroup, type Live } from './driver-live.ts';
import { allowed, HOSTILE_NAMES, REFUSED_NAMES } from './driver-names.ts';
import type { World } from './driver-world.ts';

/** Charsets that are tried, spread over those that the manifest has. */
const MOST_CHARSETS = 12;

/** Databases of the tenant, and the names that they may have. */
export function databasesChecks(live: Live): Check[] {
  const { manifest } = live.test.factory;
  const group = (world: World) => world.group('databases');
  const wanted = [...HOSTILE_NAMES, 'x'.repeat(manifest.names.database.maxCharacters), 'Case', 'case'].filter((name) =>
    allowed(() => checkDatabaseName(manifest, name)),
  );

  return capabilityGroup(live, 'databases', (add) => {
    add('there is none of a tenant at first', async (world) => {
      assert.deepEqual(await group(world).list({ limit: 1 }, operation()), { items: [] });
    });

    add('create says whether it was there', async (world) => {
      assert.equal(await group(world).create({ name: 'shop' }, operation()), 'created');
      assert.equal(await group(world).create({ name: 'shop' }, operation()), 'exists');
      assert.deepEqual(await world.databases(), ['shop']);
    });

    add('drop says whether it was there', async (world) => {
      await group(world).create({ name: 'shop' }, operation());
      assert.equal(await group(world).drop('shop', operation()), 'dropped');
      assert.equal(await group(world).drop('shop', operation()), 'missing');
      assert.deepEqual(await world.databases(), []);
    });

    add('a name is kept as it was written, whatever is in it', async (world) => {
      assert(wanted.length > 3, 'the manifest allows next to no name');
      for (const name of wanted) {
        assert.equal(await group(world).create({ name }, operation()), 'created', name);
        assert((await world.databases()).includes(name), `${JSON.stringify(name)} is listed as something else`);
      }
      for (const name of wanted) assert.equal(await group(world).drop(name, operation()), 'dropped', name);
      assert.deepEqual(await world.databases(), []);
    });

    add('they are listed in byte order, page by page, none twice and none left out', async (world) => {
      const names = wanted.slice(0, 9).toSorted(byBytes);
      for (const name of names.toReversed()) await group(world).create({ name }, operation());
      for (const limit of [1, 4, names.length]) {
        const pages = await allPages(limit, (page) => group(world).list(page, operation()));
        assert.deepEqual(
          pages.flat().map(({ name }) => name),
          names,
          `pages of ${limit}`,
        );
        assert(
          pages.slice(0, -1).every((page) => page.length === limit),
          `a page has not ${limit} entries`,
        );
      }
    });

    add('a marker that is gone still marks its place', async (world) => {
      const names = ['a', 'b', 'c', 'd'];
      for (const name of names) await group(world).create({ name }, operation());
      await group(world).drop('b', operation());
      const page = await group(world).list({ limit: 1, marker: 'b' }, operation());
      assert.deepEqual(page, { items: [{ name: 'c' }], next: 'c' });
    });

    add('the character sets of the manifest are taken', async (world) => {
      const all = Object.entries(ofVersion(manifest, versionOf(live.test).name).charsets);
      const step = Math.max(1, Math.ceil(all.length / MOST_CHARSETS));
      for (const [characterSet, [collation]] of all.filter((_, index) => index % step === 0)) {
        if (collation === undefined) continue;
        const made = await group(world).create({ name: 'charset', characterSet, collation }, operation());
        assert.equal(made, 'created', collation);
        assert.equal(await group(world).drop('charset', operation()), 'dropped', collation);
      }
    });

    add('a character set that is none is refused', async (world) => {
      for (const characterSet of ["x' COLLATE 'y", 'nonsense', ''])
        await refusedWith(
          'bad_request',
          group(world).create({ name: 'charset', characterSet }, operation()),
          characterSet,
        );
      assert.deepEqual(await world.databases(), []);
    });

    add('names that would not be kept are refused', async (world) => {
      for (const name of REFUSED_NAMES) {
        await refusedWith('bad_request', group(world).create({ name }, operation()), `create ${name}`);
        await refusedWith('bad_request', group(world).drop(name, operation()), `drop ${name}`);
      }
    });

    add('reserved databases are neither listed nor touched', async (world) => {
      for (const name of manifest.reserved.databases) {
        await refusedWith('bad_request', group(world).create({ name }, operation()), `create ${name}`);
        await refusedWith('bad_request', group(world).drop(name, operation()), `drop ${name}`);
      }
      assert.deepEqual(await world.databases(), []);
      assert.deepEqual(await world.driver.probe(operation()), { state: 'healthy' });
    });

    add('calls that come at the same time are all served', async (world) => {
      const names = Array.from({ length: 8 }, (_, index) => `twin${index % 4}`);
      const outcomes = await Promise.all(names.map((name) => group(world).create({ name }, operation())));
      assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 4, outcomes.join());
      const dropped = await Promise.all(names.map((name) => group(world).drop(name, operation())));
      assert.equal(dropped.filter((outcome) => outcome === 'dropped').length, 4, dropped.join());
    });
  });
}
