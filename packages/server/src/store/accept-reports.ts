import type { ServiceStatus } from '@coffer/core';
import type { ProtocolRange, ReportPosition } from '@coffer/core/rpc';
import { CompiledQuery, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** What a report says, for the instance's row. */
export interface ReportFacts {
  serviceStatus: ServiceStatus;
  detail?: string;
  volumeUsedBytes?: number;
  volumeTotalBytes?: number;
  /** Guest's clock minus ours, ms. */
  clockSkewMs: number;
  agentBuild: string;
  /** Of the spec that is in force. */
  revision?: number;
  restartRequired?: readonly string[];
  rejected?: Readonly<Record<string, string>>;
}

/** A hello or report as it was heard. */
export interface HeardReport {
  instanceId: string;
  at: ReportPosition;
  /** Absent in a hello. */
  facts?: ReportFacts;
  protocols?: ProtocolRange;
}

/** Its text is the same for any number of reports, so it is made once: the columns are arrays. */
const STATEMENT = `
  with heard as (
    select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::text[], $8::text[],
      $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::int[], $14::text[], $15::text[])
    as heard(instance_id, session, boot, number, protocol, protocol_min, agent_build, status, detail, skew, used, total,
      revision, restart_required, rejected)),
  locked as (
    select instance_id from guests where instance_id in (select instance_id from heard) order by instance_id for update),
  accepted as (
    update guests g set session = heard.session, boot = heard.boot, last_number = heard.number,
      agent_build = coalesce(heard.agent_build, g.agent_build), protocol = coalesce(heard.protocol, g.protocol),
      protocol_min = coalesce(heard.protocol_min, g.protocol_min)
    from heard join locked using (instance_id) where g.instance_id = heard.instance_id
      and (g.session is null or g.boot < heard.boot or (g.session = heard.session and g.last_number < heard.number))
    returning g.instance_id),
  told as (
    update instances i set service_status = heard.status, service_detail = heard.detail, service_status_at = now(),
      clock_skew_ms = heard.skew, volume_used_bytes = coalesce(heard.used, i.volume_used_bytes),
      volume_total_bytes = coalesce(heard.total, i.volume_total_bytes),
      -- What is said of an earlier order is no news of the present one.
      restart_required = case when heard.revision >= i.spec_revision
        then coalesce(heard.restart_required::jsonb, '[]') else i.restart_required end,
      rejected = case when heard.revision >= i.spec_revision then coalesce(heard.rejected::jsonb, '{}') else i.rejected end
    from heard join accepted using (instance_id) where i.id = heard.instance_id and heard.status is not null)
  select instance_id from heard except select instance_id from accepted`;

/**
 * Takes each that is newer than the last taken of its guest: a later life of the agent, or a higher number in the same one.
 * Positions and facts are one statement. Rows are locked in the order of their ids: copies that take in the same guests wait for
 * each other and never in a circle.
 * @param reports at most one of each guest.
 * @returns ids of the instances whose report was not taken, which are few.
 */
export async function acceptReports(db: Kysely<Schema>, reports: readonly HeardReport[]): Promise<Set<string>> {
  const column = <T>(of: (report: HeardReport) => T | undefined): (T | null)[] =>
    reports.map((report) => of(report) ?? null);
  const columns = [
    column(({ instanceId }) => instanceId),
    column(({ at }) => at.session),
    column(({ at }) => at.boot),
    column(({ at }) => at.number),
    column(({ protocols }) => protocols?.max),
    column(({ protocols }) => protocols?.min),
    column(({ facts }) => facts?.agentBuild),
    column(({ facts }) => facts?.serviceStatus),
    column(({ facts }) => facts?.detail),
    column(({ facts }) => facts && Math.round(facts.clockSkewMs)),
    column(({ facts }) => facts?.volumeUsedBytes),
    column(({ facts }) => facts?.volumeTotalBytes),
    column(({ facts }) => facts?.revision),
    column(({ facts }) => facts?.restartRequired && JSON.stringify(facts.restartRequired)),
    column(({ facts }) => facts?.rejected && JSON.stringify(facts.rejected)),
  ];
  const { rows } = await db.executeQuery<{ instanceId: string }>(CompiledQuery.raw(STATEMENT, columns));
  return new Set(rows.map(({ instanceId }) => instanceId));
}
