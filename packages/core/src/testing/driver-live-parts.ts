import { expect } from 'vitest';
import type { DatabasesGroup, DatastoreDriver, Page, UsersGroup } from '../driver/driver.ts';
import { Problem } from '../problem.ts';
import type { DriverTest, TenantSession, TestGuest } from './driver-harness.ts';

/** A database on a real container, its driver, and the ways in that a tenant has. */
export interface Live {
  test: DriverTest;
  reach: 'socket' | 'tcp';
  guest(): TestGuest;
  driver(): DatastoreDriver;
  /** Until the database is healthy. */
  started(): Promise<unknown>;
  login(user: string, password: string, database?: string): Promise<TenantSession>;
  refusedLogin(user: string, password: string, database?: string): Promise<boolean>;
  asTenant<T>(
    user: string,
    password: string,
    database: string,
    work: (session: TenantSession) => Promise<T>,
  ): Promise<T>;
  /** What the driver has said, to be searched for secrets. */
  problems: Problem[];
}

/** Passwords that the tests of access and of root give out; looked for afterwards in what the driver said. */
export const TENANT_PASSWORDS = [
  'access-first-pw',
  'access-second-pw',
  'root-first-pw',
  'root-second-pw',
  'root-own-pw',
] as const;

/** Names that quoting gets wrong; those that the manifest allows must come back exactly as they went in. */
export const HOSTILE_NAMES = [
  "o'brien",
  'semi;colon',
  'back\\slash',
  'end\\',
  '`tick`',
  '"quoted"',
  'per%cent',
  'under_score',
  'dot.ted',
  'que?stion??',
  'a b',
  'näme-é',
  'line\nbreak',
  "x'; DROP USER anna; --",
  '/*c*/',
  '$(id)',
  '#hash',
  '数据库',
];
export const HOSTILE_PASSWORDS = [
  'p',
  ' two  spaces ',
  `'";\\\`%_?:@/`,
  'end\\',
  'emoji😀',
  '#-- /*x*/',
  "x' OR '1'='1",
];
export const REFUSED_NAMES = ['smile😀', 'nul\0', '', 'half\ud83d'];

export const allowed = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

export async function problemOf(call: Promise<unknown>): Promise<Problem> {
  try {
    await call;
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    if (error instanceof Problem) return error;
  }
  throw new Error('the call succeeded where a problem was expected');
}

/** Every page, in order. */
export async function allPages<T>(list: (marker: string | undefined) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  for (let marker: string | undefined, isFirst = true; isFirst || marker !== undefined; isFirst = false) {
    const page: Page<T> = await list(marker);
    pages.push(page.items);
    marker = page.next;
  }
  return pages;
}

export const marked = (limit: number, marker: string | undefined) =>
  marker === undefined ? { limit } : { limit, marker };

export function usersAndDatabases({ users, databases }: DatastoreDriver): {
  users: UsersGroup;
  databases: DatabasesGroup;
} {
  if (!users || !databases) throw new Error('the groups users and databases are missing');
  return { users, databases };
}
