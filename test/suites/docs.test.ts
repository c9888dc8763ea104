import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as testing from '@coffer/core/testing';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/spi-suites.md'), 'utf8');

it('the page quotes the examples as they are run', () => {
  const quoted = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const run = globSync('test/suites/*.test.ts', { cwd: root }).filter((file) => !file.endsWith('docs.test.ts'));
  expect(quoted.toSorted()).toEqual(run.map((file) => readFileSync(join(root, file), 'utf8')).toSorted());
});

it('the page names every suite that is published', () => {
  const suites = Object.keys(testing).filter((name) => /^test[A-Z]/.test(name));
  expect(suites.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
