import { parseManifest, withCatalogues } from '@coffer/core/driver';
import data from './manifest.json' with { type: 'json' };
import parameters15 from './parameters/15.json' with { type: 'json' };
import parameters17 from './parameters/17.json' with { type: 'json' };
import parameters18 from './parameters/18.json' with { type: 'json' };

/** The manifest with the catalogues of its versions, which a script writes. */
export const manifest = parseManifest(
  withCatalogues(data, { '15': parameters15, '17': parameters17, '18': parameters18 }),
);
