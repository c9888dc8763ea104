import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driverPage, runsSoFar } from '../scripts/driver-table.ts';
import { BROKEN } from './drivers/broken.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('what is written for authors of drivers', () => {
  const page = read('docs/writing-a-driver.md');

  it('quotes the example as it is compiled and run', () => {
    const quotes = [...page.matchAll(/^```ts\n\/\/ ([\w-]+\.ts)\n(.*?)^```$/gms)];
    expect(new Set(quotes.map(([, file]) => file))).toEqual(new Set(['index.ts', 'session.ts', 'suite.ts']));
    for (const [, file = '', code = ''] of quotes)
      for (const part of code.split('// …\n')) expect(read(`examples/driver-valkey/${file}`)).toContain(part);
  });

  it('has no code that is not quoted', () => {
    expect(page.match(/^```ts$/gm)).toHaveLength([...page.matchAll(/^```ts\n\/\/ [\w-]+\.ts$/gm)].length);
  });

  it('does not boast of the broken drivers', () => {
    expect(page).toContain('forty drivers');
    expect(BROKEN).toHaveLength(40);
  });

  it('has a table of drivers as manifests and runs make it', () => {
    expect(read('docs/drivers.md'), 'run `node scripts/driver-table.ts`').toBe(driverPage(runsSoFar()));
    expect(runsSoFar().filter(({ failed }) => failed > 0)).toEqual([]);
  });
});
