import type { Sealed, ServiceStatus } from '@coffer/core';
import type { ReportPosition } from '@coffer/core/rpc';
import { type Kysely, type Selectable, sql } from 'kysely';
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

/** What a report says, for the instance's row. */
export interface ReportFacts {
  serviceStatus: ServiceStatus;
  detail?: string;
  volumeUsedBytes?: number;
  volumeTotalBytes?: number;
  /** Guest's clock minus ours, ms. */
  clockSkewMs: number;
  agentBuild: string;
  protocol: number;
  driver?: string;
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

    /**
     * Takes a report if it is newer than the last taken: a later life of the agent, or a higher number in the same one. Position
     * and facts are one statement. @returns whether it was taken.
     */
    async acceptReport(instanceId: string, at: ReportPosition, facts?: ReportFacts): Promise<boolean> {
      const accepted = sql`
        update guests set session = ${at.session}, boot = ${at.boot}::bigint, last_number = ${at.number}::bigint,
          agent_build = coalesce(${facts?.agentBuild ?? null}::text, agent_build),
          protocol = coalesce(${facts?.protocol ?? null}::int, protocol),
          driver = coalesce(${facts?.driver ?? null}::text, driver)
        where instance_id = ${instanceId}
          and (session is null or boot < ${at.boot}::bigint or (session = ${at.session} and last_number < ${at.number}::bigint))
        returning instance_id`;
      if (!facts) return (await accepted.execute(db)).rows.length > 0;
      const { rows } = await sql`
        with accepted as (${accepted}), told as (
          update instances set service_status = ${facts.serviceStatus}, service_detail = ${facts.detail ?? null},
            service_status_at = now(), clock_skew_ms = ${Math.round(facts.clockSkewMs)}::bigint,
            volume_used_bytes = coalesce(${facts.volumeUsedBytes ?? null}::bigint, volume_used_bytes),
            volume_total_bytes = coalesce(${facts.volumeTotalBytes ?? null}::bigint, volume_total_bytes)
          from accepted where instances.id = accepted.instance_id)
        select 1 from accepted`.execute(db);
      return rows.length > 0;
    },

    /** Keys, token and passwords are gone with the row. Repeatable. */
    async delete(instanceId: string): Promise<void> {
      await db.deleteFrom('guests').where('instanceId', '=', instanceId).execute();
    },
  };
}
