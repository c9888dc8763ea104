import type { Sealed } from '@coffer/core';
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely';
import type { AuthoritiesTable, CertificatesTable, Schema } from './schema.ts';

export type AuthorityRow = Selectable<AuthoritiesTable>;
export type CertificateRow = Selectable<CertificatesTable>;

export function certificateQueries(db: Kysely<Schema>) {
  const ofInstance = (instanceId: string) =>
    db.selectFrom('certificates').selectAll().where('instanceId', '=', instanceId);

  return {
    /** The newest. */
    authority: (): Promise<AuthorityRow | undefined> =>
      db.selectFrom('authorities').selectAll().orderBy('createdAt', 'desc').limit(1).executeTakeFirst(),

    /** Of two that are made at once, one stays. @returns that one. */
    async keepAuthority(made: { name: string; certificate: string; key: Sealed }): Promise<AuthorityRow> {
      await db
        .insertInto('authorities')
        .values(made)
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      return db.selectFrom('authorities').selectAll().where('name', '=', made.name).executeTakeFirstOrThrow();
    },

    newest: (instanceId: string): Promise<CertificateRow | undefined> =>
      ofInstance(instanceId).orderBy('createdAt', 'desc').limit(1).executeTakeFirst(),

    byFingerprint: (instanceId: string, fingerprint: string): Promise<CertificateRow | undefined> =>
      ofInstance(instanceId).where('fingerprint', '=', fingerprint).executeTakeFirst(),

    async add(certificate: Omit<Insertable<CertificatesTable>, 'createdAt' | 'renewalAskedAt'>): Promise<void> {
      await db.insertInto('certificates').values(certificate).execute();
    },

    async askRenewal(instanceId: string): Promise<void> {
      await db
        .updateTable('certificates')
        .set({ renewalAskedAt: sql<Date>`now()` })
        .where('instanceId', '=', instanceId)
        .execute();
    },

    async forgetAll(instanceId: string): Promise<void> {
      await db.deleteFrom('certificates').where('instanceId', '=', instanceId).execute();
    },

    /** This one is in force: those before it are of no use any more. */
    async forgetBefore(instanceId: string, fingerprint: string): Promise<void> {
      await db
        .deleteFrom('certificates')
        .where('instanceId', '=', instanceId)
        .where('fingerprint', '<>', fingerprint)
        .where('createdAt', '<', (before) =>
          before
            .selectFrom('certificates as this')
            .select('this.createdAt')
            .where('this.instanceId', '=', instanceId)
            .where('this.fingerprint', '=', fingerprint),
        )
        .execute();
    },
  };
}
