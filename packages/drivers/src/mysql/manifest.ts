import { parseManifest, withCatalogues } from '@coffer/core/driver';
import data from './manifest.json' with { type: 'json' };
import parameters84 from './parameters/8.4.json' with { type: 'json' };
import parameters97 from './parameters/9.7.json' with { type: 'json' };

/** The manifest with the catalogues of its versions, which a script writes. */
export const manifest = parseManifest(withCatalogues(data, { '8.4': parameters84, '9.7': parameters97 }));
