import type { Operation } from './operation.ts';
import type { Page, PageRequest } from './page.ts';

export interface DatabaseSpec {
  name: string;
  characterSet?: string;
  collation?: string;
}

/** Databases of the tenant; the engine's own and the reserved ones are never listed and never touched. */
export interface DatabasesGroup {
  list(page: PageRequest, op: Operation): Promise<Page<{ name: string }>>;
  /** Repeatable. An existing database is left as it is. */
  create(database: DatabaseSpec, op: Operation): Promise<'created' | 'exists'>;
  /** Repeatable. */
  drop(name: string, op: Operation): Promise<'dropped' | 'missing'>;
}
