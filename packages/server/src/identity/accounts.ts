import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { createPasswordChecker, hashPassword } from './passwords.ts';
import type { IdentitySchema } from './schema.ts';

export interface Project {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
}

export interface NewUser {
  name: string;
  password: string;
  /** Scope of tokens that ask for none. */
  defaultProjectId?: string;
}

/** The same name gives the same id, so that two copies of the server that seed at once agree. */
const idOf = (kind: string, name: string): string =>
  createHash('sha256').update(`coffer:${kind}:${name}`).digest('hex').slice(0, 32);

/** For seeding and for operators: each call may be repeated. */
export function accountQueries(db: Kysely<IdentitySchema>) {
  const checker = createPasswordChecker();
  return {
    /** @returns the project of this name, made when it is missing. Its id is 32 hexadecimal digits. */
    async ensureProject(name: string, description = ''): Promise<Project> {
      return db
        .insertInto('identityProjects')
        .values({ id: idOf('project', name), name, description })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ name }))
        .returningAll()
        .executeTakeFirstOrThrow();
    },

    /** Makes the user, or gives the known one this password and default project; a changed password ends the user's tokens. */
    async ensureUser({ name, password, defaultProjectId }: NewUser): Promise<{ id: string; name: string }> {
      const known = await db.selectFrom('identityUsers').selectAll().where('name', '=', name).executeTakeFirst();
      const isSame = known !== undefined && (await checker.matches(known.passwordHash, password));
      const passwordHash = isSame ? known.passwordHash : await hashPassword(password);
      return db.transaction().execute(async (tx) => {
        const user = await tx
          .insertInto('identityUsers')
          .values({ id: idOf('user', name), name, passwordHash, defaultProjectId: defaultProjectId ?? null })
          .onConflict((conflict) =>
            conflict
              .column('name')
              .doUpdateSet({ passwordHash, ...(defaultProjectId !== undefined && { defaultProjectId }) }),
          )
          .returning(['id', 'name'])
          .executeTakeFirstOrThrow();
        if (known && !isSame) await tx.deleteFrom('identityTokens').where('userId', '=', user.id).execute();
        return user;
      });
    },

    /** Gives a role on a project; names are kept in lower case. */
    async grantRole(userId: string, projectId: string, role: string): Promise<void> {
      await db
        .insertInto('identityGrants')
        .values({ userId, projectId, role: role.toLowerCase() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    /** Takes a role back, at once: also from tokens that are out. */
    async revokeRole(userId: string, projectId: string, role: string): Promise<void> {
      await db
        .deleteFrom('identityGrants')
        .where('userId', '=', userId)
        .where('projectId', '=', projectId)
        .where('role', '=', role.toLowerCase())
        .execute();
    },
  };
}
