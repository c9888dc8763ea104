import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { catalogueFile, makeCatalogue, manifestFile } from '../../scripts/parameters/catalogue.ts';
import { applyPolicy, unusedEntries } from '../../scripts/parameters/policy.ts';
import { READERS } from '../../scripts/parameters/readers.ts';

const isFull = process.env.COFFER_TEST_FULL === '1';

interface Named {
  name: string;
  active: boolean;
  default?: boolean;
}

const written = async (datastore: string, version: string): Promise<unknown> =>
  JSON.parse(await readFile(catalogueFile(datastore, version), 'utf8'));

/** Versions whose servers run here: the default one, or all that are offered. */
function versionsOf(datastore: string) {
  const { versions }: { versions: Named[] } = JSON.parse(readFileSync(manifestFile(datastore), 'utf8'));
  const offered = versions.filter(({ active }) => active);
  const tried = offered.filter(({ default: isDefault }) => isDefault || isFull);
  return { tried: tried.map(({ name }) => name), isAll: tried.length === offered.length };
}

describe('the catalogues', () => {
  it.each(Object.keys(READERS))('of %s are what its servers say today', { timeout: 300_000 }, async (datastore) => {
    const { tried, isAll } = versionsOf(datastore);
    const unused: string[][] = [];
    for (const version of tried) {
      const made = await makeCatalogue(datastore, version);
      expect(made.parameters, `${datastore} ${version}`).toEqual(await written(datastore, version));
      unused.push(made.unused);
    }
    const [first = [], ...others] = unused;
    const inNone = first.filter((entry) => others.every((other) => other.includes(entry)));
    if (isAll) expect(inNone, 'entries of the policy that no version has a parameter for').toEqual([]);
  });

  it('of a version that is not at hand are made out of another one', async () => {
    expect((await makeCatalogue('mysql', '8.4')).parameters).toEqual(await written('mysql', '8.4'));
  });
});

describe('the policy', () => {
  const found = [
    { name: 'ssl_key', type: 'string', restartRequired: false },
    { name: 'pool', type: 'integer', min: 0, max: 2 ** 64, default: 8, restartRequired: true },
    { name: 'log_bin', type: 'boolean', restartRequired: true },
    { name: 'log_bin_trust', type: 'boolean', default: false, restartRequired: false },
  ] as const;
  const policy = {
    leftOut: ['ssl_*', 'log_bin*', '!log_bin_trust'],
    operatorOnly: ['po*'],
    parameters: { pool: { default: null, unit: 'bytes' } },
  };

  it('leaves out, takes back, and changes what the server says', () => {
    expect(applyPolicy(found, policy)).toEqual([
      { name: 'log_bin_trust', type: 'boolean', default: false, restartRequired: false },
      {
        name: 'pool',
        type: 'integer',
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
        unit: 'bytes',
        restartRequired: true,
        operatorOnly: true,
      },
    ]);
  });

  it('knows its own entries that speak of nothing', () => {
    const names = found.map(({ name }) => name);
    expect(unusedEntries(policy, names)).toEqual([]);
    expect(unusedEntries({ ...policy, leftOut: ['sssl_*', 'log.bin'] }, names)).toEqual(['sssl_*', 'log.bin']);
  });
});
