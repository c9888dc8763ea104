import type { Sealed } from '@coffer/core';
import type { ProtocolRange, ReportPosition } from '@coffer/core/rpc';
import { type Kysely, type Selectable, sql } from 'kysely';
import { acceptReports, type HeardReport, type ReportFacts } from './accept-reports.ts';
import type { GuestsTable, Schema } from './schema.ts';

export type GuestRow = Selectable<GuestsTable>;

/** What a guest starts with; secrets sealed for this instance. */
export interface NewGuest {
  instanceId: string;
  tokenKid: string;
  token: Sealed;
  brokerPassword: Sealed;
  /** For a broker that checks passwords against the store. */
  brokerPasswordHash: string;
  /** Sha256 of the driver bundle that its enrolment names. */
  driver?: string;
}

/** What both sides agreed on at enrolment or at a rotation. */
export interface GuestKeys {
  agentPublicKey: string;
  serverPublicKey: string;
  serverSecret: Sealed;
  upKid: string;
  downKid: string;
  epoch: number;
}

export function guestQueries(db: Kysely<Schema>) {
  const one = db.selectFrom('guests').selectAll();
  return {
    /** Repeatable: a guest that is there stays as it is. @returns the guest as it is. */
    async create(guest: NewGuest): Promise<GuestRow> {
      await db
        .insertInto('guests')
        .values(guest)
        .onConflict((conflict) => conflict.column('instanceId').doNothing())
        .execute();
      return one.where('instanceId', '=', guest.instanceId).executeTakeFirstOrThrow();
    },

    get: (instanceId: string): Promise<GuestRow | undefined> =>
      one.where('instanceId', '=', instanceId).executeTakeFirst(),
    byTokenKid: (kid: string): Promise<GuestRow | undefined> => one.where('tokenKid', '=', kid).executeTakeFirst(),
    byUpKid: (kid: string): Promise<GuestRow | undefined> => one.where('upKid', '=', kid).executeTakeFirst(),

    /**
     * Enrols a guest, once: a second agent with another key is refused. The same agent asking again (its answer was lost) changes
     * nothing. @returns the guest as enrolled, or undefined when it is enrolled with another key or unknown.
     */
    async enrol(instanceId: string, keys: GuestKeys): Promise<GuestRow | undefined> {
      const enrolled = await db
        .updateTable('guests')
        .set({ ...keys, enrolledAt: sql<Date>`now()` })
        .where('instanceId', '=', instanceId)
        .where('enrolledAt', 'is', null)
        .returningAll()
        .executeTakeFirst();
      return (
        enrolled ??
        one.where('instanceId', '=', instanceId).where('agentPublicKey', '=', keys.agentPublicKey).executeTakeFirst()
      );
    },

    /** Takes the token's secret away, once the enrolled agent has spoken under its own keys. */
    async wipeToken(instanceId: string): Promise<void> {
      await db
        .updateTable('guests')
        .set({ token: null })
        .where('instanceId', '=', instanceId)
        .where('token', 'is not', null)
        .execute();
    },

    /** As {@link acceptReports}, of one guest. @returns whether it was taken. */
    async acceptReport(
      instanceId: string,
      at: ReportPosition,
      facts?: ReportFacts,
      protocols?: ProtocolRange,
    ): Promise<boolean> {
      const heard = { instanceId, at, ...(facts && { facts }), ...(protocols && { protocols }) };
      return !(await acceptReports(db, [heard])).has(instanceId);
    },

    acceptReports: (reports: readonly HeardReport[]): Promise<Set<string>> => acceptReports(db, reports),

    /** Of a guest that is silent, why. Repeatable. */
    async explainSilence(instanceId: string, why: string): Promise<void> {
      await db
        .updateTable('instances')
        .set({ serviceDetail: why })
        .where('id', '=', instanceId)
        .where('serviceStatus', '=', 'agent_timeout')
        .where('serviceDetail', 'is distinct from', why)
        .execute();
    },

    /** Keys, token and passwords are gone with the row. Repeatable. */
    async delete(instanceId: string): Promise<void> {
      await db.deleteFrom('guests').where('instanceId', '=', instanceId).execute();
    },
  };
}
