import { expect, it } from 'vitest';
import { withCatalogues } from './catalogues.ts';

it('puts a catalogue into the version of its name that brings none, and leaves the rest to the check', () => {
  const [own, given] = [[{ name: 'own' }], [{ name: 'given' }]];
  const manifest = { title: 'T', versions: [{ name: '1' }, { name: '2', parameters: own }, { name: '3' }, 'odd'] };
  expect(withCatalogues(manifest, { '1': given, '2': given, '4': given })).toEqual({
    title: 'T',
    versions: [{ name: '1', parameters: given }, { name: '2', parameters: own }, { name: '3' }, 'odd'],
  });
  expect(withCatalogues({ versions: 'none' }, {})).toEqual({ versions: 'none' });
  expect(withCatalogues('text', {})).toBe('text');
});
