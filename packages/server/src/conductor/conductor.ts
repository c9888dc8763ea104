import { randomUUID } from 'node:crypto';
import { type Broker, type Cloud, type Logger, silentLogger, toProblem } from '@coffer/core';
import { DAY_MS, RENEW_BEFORE_DAYS } from '../certificates/authority.ts';
import { createSayOnce } from '../say-once.ts';
import { CLOCK_TOLERANCE_MS } from '../services/clock-skew.ts';
import { configureJob } from '../services/job-inputs.ts';
import type { LedgerRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { type Clock, systemClock } from '../worker/clock.ts';
import { type CloudResource, cloudResources, type ResourceKinds } from '../worker/cloud-resources.ts';
import { enqueueCleanups } from './cleanup.ts';
import { compare } from './compare.ts';
import { createEars } from './ears.ts';

export interface ConductorOptions {
  store: Store;
  cloud: Cloud;
  broker?: Broker;
  /**
   * Rejects while reports of guests cannot reach this copy, e.g. `ping` of its transport: then nobody is called silent by it.
   * Default: they always can.
   */
  hears?: () => Promise<void>;
  /** Interval of the guests' reports, ms; 5,000 when absent. A guest is silent after three. */
  reportIntervalMs?: number;
  /**
   * How long guests are given to come back, ms, when this copy begins to hear them, also after an outage; 10,000 when absent, in
   * which every agent has tried its broker again, and never less than three reports.
   */
  graceMs?: number;
  /** Interval of the comparison with the cloud, ms; 60,000 when absent. */
  intervalMs?: number;
  clock?: Clock;
  log?: Logger;
}

/** What one round found. */
export interface ConductorReport {
  /** Jobs whose worker died; the next claim takes them. */
  expired: number;
  /** Instances that fell silent since the last round. */
  silent: string[];
  /** Deletions queued for what was marked and forgotten. */
  cleanups: number;
  /** Orders queued for guests that did not take one, or whose certificate ends soon. */
  changes: number;
  /** In the cloud, not in the ledger: reported, and never deleted. */
  unknown: (CloudResource & { kind: string })[];
  /** In the ledger, and since the last round no more in the cloud. */
  vanished: { kind: string; key: string; instanceId: string | null }[];
  /** Kinds that could not be compared, with the reason. */
  unreachable: { kind: string; detail: string }[];
}

export interface Conductor {
  start(): void;
  stop(): Promise<void>;
  /** A whole round, now and whoever leads. */
  runOnce(): Promise<ConductorReport>;
}

const MISSED_REPORTS = 3;
/** Until a guest that did not take its order is asked again. */
const CHANGE_WAITS_MS = 5 * 60_000;

/**
 * Compares store and cloud, and queues what is left to do. It deletes nothing itself, and has nothing deleted that the ledger does
 * not have as ours and marked: a store restored from an old backup costs nobody a database. Of several copies one leads.
 */
export function createConductor(options: ConductorOptions): Conductor {
  const { store, cloud, clock = systemClock, log = silentLogger } = options;
  const reportIntervalMs = options.reportIntervalMs ?? 5_000;
  const intervalMs = options.intervalMs ?? 60_000;
  const resources = cloudResources(options);
  const owner = randomUUID();
  const stopping = new AbortController();
  const sayOnce = createSayOnce(log);
  const patienceMs = MISSED_REPORTS * reportIntervalMs;
  const mayJudge = createEars({
    hears: () => Promise.all([options.hears?.(), store.ping()]),
    patienceMs,
    graceMs: Math.max(patienceMs, options.graceMs ?? 10_000),
    clock,
    sayOnce,
  });
  let loop: Promise<void> | undefined;

  async function markSilent(): Promise<string[]> {
    const silent = await store.instances.markSilent(patienceMs);
    // One line for however many: when a switch fails, that is all of them.
    if (silent.length > 0) log.warn({ count: silent.length, instances: silent }, 'guests fell silent');
    return silent;
  }

  async function round(isHeard: boolean): Promise<ConductorReport> {
    const report: ConductorReport = {
      expired: 0,
      silent: isHeard ? await markSilent() : [],
      cleanups: 0,
      changes: 0,
      unknown: [],
      vanished: [],
      unreachable: [],
    };
    report.expired = (await store.jobs.counts()).expired;
    sayOnce(
      'expired jobs',
      report.expired > 0 ? { fields: {}, message: 'jobs wait for another worker: theirs is gone' } : undefined,
    );
    for (const kind of Object.keys(resources)) {
      try {
        await compareKind(kind, resources, report);
        sayOnce(`reach ${kind}`, undefined);
      } catch (error) {
        const { detail } = toProblem(error);
        report.unreachable.push({ kind, detail });
        sayOnce(`reach ${kind}`, { fields: { kind, err: error }, message: 'could not be compared with the ledger' });
      }
    }
    await refreshServers(store, cloud).then(
      () => sayOnce('server states', undefined),
      (error: unknown) =>
        sayOnce('server states', { fields: { err: error }, message: 'the servers’ states could not be asked for' }),
    );
    const clocks = (await store.instances.withClockOff(CLOCK_TOLERANCE_MS)).map(({ id }) => id);
    const message = 'the clocks of these guests are off; they work, and their databases write wrong times';
    sayOnce('clocks', clocks.length > 0 ? { fields: { count: clocks.length, instances: clocks }, message } : undefined);
    report.changes = await enqueueChanges();
    report.cleanups = await enqueueCleanups(store, resources);
    for (const { id, projectId } of await store.instances.abandonedDeletes()) {
      // A delete that was given up is begun anew: nothing stays half deleted for good.
      const job = { kind: 'delete_instance', input: {}, dedup: `delete_instance:${id}`, instanceId: id, projectId };
      if ((await store.jobs.enqueue(job)).created) report.cleanups += 1;
    }
    return report;
  }

  async function enqueueChanges(): Promise<number> {
    const { kind } = configureJob();
    const due = { kind, waitedMs: CHANGE_WAITS_MS, certificateMs: RENEW_BEFORE_DAYS * DAY_MS };
    let made = 0;
    for (const { id, projectId } of await store.instances.withChangeDue(due)) {
      const job = { ...configureJob(), dedup: `configure_instance/due/${id}`, instanceId: id, projectId };
      if ((await store.jobs.enqueue(job)).created) made += 1;
    }
    return made;
  }

  async function compareKind(kind: string, all: ResourceKinds, report: ConductorReport): Promise<void> {
    const resource = all[kind];
    if (!resource) return;
    const { unknown, vanished, returned } = await compare(store, kind, resource);
    for (const one of unknown) report.unknown.push({ kind, id: one.id, key: one.key });
    const names = unknown.map((one) => `${one.key} (${one.id})`).sort();
    const message = 'in the cloud under our label and not in the ledger; nothing is done about it, look at it yourself';
    sayOnce(
      `unknown ${kind}`,
      names.length > 0 ? { fields: { kind, count: names.length, names }, message } : undefined,
    );
    for (const row of vanished)
      if (await reportVanished(row)) report.vanished.push({ kind, key: row.key, instanceId: row.instanceId });
    for (const row of returned) {
      if (await store.ledger.setVanished(row.id, false))
        log.info({ kind, key: row.key, instance: row.instanceId }, 'is in the cloud again');
    }
  }

  async function reportVanished(row: LedgerRow): Promise<boolean> {
    if (!(await store.ledger.setVanished(row.id, true))) return false;
    log.error(
      { kind: row.kind, key: row.key, id: row.cloudId, instance: row.instanceId },
      'is gone from the cloud, and nobody here deleted it',
    );
    if (row.instanceId !== null) {
      const message = `The ${row.kind} of this instance is gone; it was not deleted by this service.`;
      await store.instances.update(row.instanceId, {
        ...(row.kind === 'server' && { serverStatus: 'missing' as const }),
        fault: { message, created: new Date().toISOString(), details: `${row.kind} ${row.key} (${row.cloudId})` },
      });
    }
    return true;
  }

  async function work(): Promise<void> {
    let comparedAt = Number.NEGATIVE_INFINITY;
    while (!stopping.signal.aborted) {
      try {
        // Each copy judges by its own ears; that an instance is marked twice does no harm.
        const isHeard = await mayJudge();
        const leads = await store.leaders.hold('conductor', owner, patienceMs);
        if (leads && clock.now() - comparedAt >= intervalMs) {
          comparedAt = clock.now();
          await round(isHeard);
        } else if (isHeard) {
          await markSilent();
        }
        // A server that is up again shows so at once, not after the next round.
        if (leads && (await store.instances.anyReturned(patienceMs))) await refreshServers(store, cloud);
        sayOnce('round', undefined);
      } catch (error) {
        sayOnce('round', { fields: { err: error }, message: 'the conductor could not do its round' });
      }
      await clock.sleep(reportIntervalMs, stopping.signal).catch(() => {});
    }
    await store.leaders.release('conductor', owner).catch(() => {});
  }

  return {
    start() {
      loop ??= work();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
    runOnce: () => round(true),
  };
}

/** Brings `server_status` up to date where no operation is running (an operation writes it itself). */
async function refreshServers(store: Store, cloud: Cloud): Promise<void> {
  const servers = new Map((await cloud.servers.list()).map((server) => [server.id, server]));
  for (const row of await store.ledger.ofKind('server')) {
    const server = servers.get(row.cloudId ?? '');
    if (!server || row.state !== 'present' || row.instanceId === null) continue;
    await store.instances.setServerStatus(row.instanceId, server.status);
  }
}
