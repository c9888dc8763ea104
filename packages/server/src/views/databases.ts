import type { NewDatabase, NewUser, Schema, User } from '@coffer/core';
import type { DatabaseSpec, UserAlteration, UserChanges, UserInfo, UserName, UserSpec } from '@coffer/core/driver';

export function databaseSpec({ name, character_set, collate }: NewDatabase): DatabaseSpec {
  return {
    name,
    ...(character_set !== undefined && { characterSet: character_set }),
    ...(collate !== undefined && { collation: collate }),
  };
}

export function userSpec({ name, password, host, databases }: NewUser): UserSpec {
  return {
    name,
    password,
    ...(host !== undefined && { host }),
    databases: (databases ?? []).map((database) => database.name),
  };
}

export function passwordChange({ name, host, password }: Schema<'NewPassword'>): UserAlteration {
  return { user: { name, ...(host !== undefined && { host }) }, changes: { password } };
}

export function userChanges({ name, host, password }: Schema<'UserUpdate'>['user']): UserChanges {
  return {
    ...(name !== undefined && { name }),
    ...(host !== undefined && { host }),
    ...(password !== undefined && { password }),
  };
}

export function userView({ name, host, databases }: UserInfo): User {
  return { name, host, databases: databases.map((database) => ({ name: database })) };
}

/** `name` or `name@host`, split at the last `@`; an empty host is none. */
export function userName(segment: string): UserName {
  const at = segment.lastIndexOf('@');
  if (at < 0) return { name: segment };
  const host = segment.slice(at + 1);
  return { name: segment.slice(0, at), ...(host !== '' && { host }) };
}
