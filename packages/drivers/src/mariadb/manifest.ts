import { parseManifest, withCatalogues } from '@coffer/core/driver';
import data from './manifest.json' with { type: 'json' };
import parameters1011 from './parameters/10.11.json' with { type: 'json' };
import parameters118 from './parameters/11.8.json' with { type: 'json' };

/** The manifest with the catalogues of its versions, which a script writes. */
export const manifest = parseManifest(withCatalogues(data, { '10.11': parameters1011, '11.8': parameters118 }));
