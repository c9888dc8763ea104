import { describe, expect, it } from 'vitest';
import { checkDatabaseName } from '../driver/names.ts';
import { operation } from './driver-context.ts';
import { allowed, allPages, HOSTILE_NAMES, type Live, marked, problemOf, REFUSED_NAMES } from './driver-live-parts.ts';

/** Databases of the tenant, and the names that they may have. */
export function databasesTests({ test, driver }: Live): void {
  const { manifest } = test.factory;

  describe('databases', () => {
    const group = () => {
      const { databases } = driver();
      if (!databases) throw new Error('the group databases is missing');
      return databases;
    };
    const names = async () =>
      (await allPages((marker) => group().list(marked(1000, marker), operation()))).flat().map((entry) => entry.name);

    it('starts with no database of a tenant', async () => {
      expect(await group().list({ limit: 1 }, operation())).toEqual({ items: [] });
    });

    it('creates and drops a database, twice each', async () => {
      expect(await group().create({ name: 'shop' }, operation())).toBe('created');
      expect(await group().create({ name: 'shop' }, operation())).toBe('exists');
      expect(await names()).toEqual(['shop']);
      expect(await group().drop('shop', operation())).toBe('dropped');
      expect(await group().drop('shop', operation())).toBe('missing');
      expect(await names()).toEqual([]);
    });

    it('keeps every allowed name as it was written, in byte order, page by page', async () => {
      const wanted = [...HOSTILE_NAMES, 'x'.repeat(manifest.names.database.maxCharacters), 'Case', 'case'].filter(
        (name) => allowed(() => checkDatabaseName(manifest, name)),
      );
      expect(wanted.length).toBeGreaterThan(3);
      for (const name of wanted) expect(await group().create({ name }, operation()), name).toBe('created');
      // In the BMP the order of UTF-16 units is the order of UTF-8 bytes.
      const sorted = wanted.toSorted();
      expect(await names()).toEqual(sorted);
      const pages = await allPages((marker) => group().list(marked(4, marker), operation()));
      expect(pages.flat().map((entry) => entry.name)).toEqual(sorted);
      expect(pages.slice(0, -1).every((page) => page.length === 4)).toBe(true);
      const exact = await group().list({ limit: sorted.length }, operation());
      expect(exact.next).toBeUndefined();
      const third = sorted[2] ?? '';
      expect(await group().drop(third, operation())).toBe('dropped');
      expect((await group().list({ limit: 1, marker: third }, operation())).items).toEqual([{ name: sorted[3] }]);
      for (const name of wanted)
        expect(await group().drop(name, operation()), name).toBe(name === third ? 'missing' : 'dropped');
      expect(await names()).toEqual([]);
    });

    it('takes the character sets that its manifest offers', async () => {
      for (const [characterSet, [collation]] of Object.entries(manifest.charsets)) {
        if (collation === undefined) continue;
        expect(await group().create({ name: 'charset', characterSet, collation }, operation()), collation).toBe(
          'created',
        );
        expect(await group().drop('charset', operation())).toBe('dropped');
      }
      const bad = await problemOf(group().create({ name: 'charset', characterSet: "x' COLLATE 'y" }, operation()));
      expect(bad.code).toBe('bad_request');
    });

    it('refuses names that would not be kept, and never touches the reserved ones', async () => {
      for (const name of [...REFUSED_NAMES, ...manifest.reserved.databases]) {
        expect((await problemOf(group().create({ name }, operation()))).code, name).toBe('bad_request');
        expect((await problemOf(group().drop(name, operation()))).code, name).toBe('bad_request');
      }
      expect(await driver().probe(operation())).toEqual({ state: 'healthy' });
    });
  });
}
