import { randomUUID } from 'node:crypto';
import { type ContainerRuntime, type ContainerState, type Logger, Problem, toProblem } from '@coffer/core';
import type { DatastoreDriver, DriverFactory, Health, Operation, ParameterOutcome } from '@coffer/core/driver';
import type { GuestState, InstanceSpec } from '@coffer/core/rpc';
import { type AgentStatus, parametersOf } from './agent-status.ts';
import { createBackOff } from './back-off.ts';
import { createConfiguration } from './configuration.ts';
import { createConvergence } from './convergence.ts';
import type { Database } from './database.ts';
import { createDeployer, type Deployment } from './deployment.ts';
import type { Logs } from './logs.ts';
import { createPatience } from './patience.ts';
import type { Sandbox } from './sandbox.ts';
import { sleep } from './sleep.ts';
import { createSpace } from './space.ts';
import type { AgentState } from './state.ts';
import type { Tls } from './tls.ts';
import type { Volume } from './volume.ts';
import { createWaiters } from './waiters.ts';

export interface AgentParts {
  runtime: ContainerRuntime;
  state: Pick<AgentState, 'spec' | 'saveSpec' | 'servicePassword' | 'configuration' | 'saveConfiguration'>;
  tls: Tls;
  logs: Logs;
  volume: Volume;
  sandbox: Sandbox;
  database: Database;
  /** Brings the image to the engine. @returns the reference to run. */
  ensureImage(image: InstanceSpec['image'], signal: AbortSignal): Promise<string>;
  loadDriver(): Promise<DriverFactory>;
  log: Logger;
  /** Milliseconds that only rise. Default `performance.now`. */
  now?: () => number;
  /** How often a serving database is looked at, ms. Default 2,000. */
  watchMs?: number;
  /** How often one on its way up is, ms. Default 100. */
  startingMs?: number;
  /**
   * First wait before ground that failed is laid again, ms, and a fifth of it before a dead database is started; doubled
   * up to 30 s. Default 500.
   */
  retryMs?: number;
  /** How long a database that has served may go without an answer until it is ended and started again, ms. Default 30,000. */
  stuckMs?: number;
  /** How long a database may take to serve with parameters with which it has not come up before, ms. Default 300,000. */
  startDeadlineMs?: number;
  /** How often a serving database is held to its parameters and its certificate, ms. Default 60,000. */
  driftMs?: number;
}

/** Holds one instance to its desired state. Without a spec it waits for the first one. */
export interface Agent {
  /** Reconciles until the signal fires; the database stays as it is then. */
  run(signal: AbortSignal): Promise<void>;
  /** Takes a new desired state, stored before this resolves. @throws Problem `conflict` when it is older than the present one. */
  adopt(spec: InstanceSpec): Promise<void>;
  /** The desired state. */
  wanted(): Promise<InstanceSpec | undefined>;
  /** Until the spec of this revision (or a later one) serves, with all of it in force that can be. @throws the Problem that keeps it from serving for good. */
  settled(revision: number, signal: AbortSignal): Promise<GuestState>;
  /** Names the present life of the database's container, or the last one when it has ended; empty before the first. */
  life(): Promise<string>;
  /**
   * Ends this life if the database still lives it, gently first, and begins the next at once. Until a later one serves,
   * or is up and blocked. Repeatable. @throws the Problem that keeps it from that for good; `timeout` when the signal
   * comes first.
   */
  restart(life: string, signal: AbortSignal): Promise<GuestState>;
  factory(): Promise<DriverFactory>;
  /** @throws Problem `not_ready` while the database does not serve. */
  serving(): DatastoreDriver;
  /** What was laid last, whether or not the database serves. @throws Problem `not_ready` before the first time. */
  deployed(): Deployment;
  /** What became of parameters, by name; of one that is not there nothing is known but that nothing is wrong. */
  outcomes(): Readonly<Record<string, ParameterOutcome>>;
  status(): AgentStatus;
  /** Told after each change of the status. */
  onChange(listener: () => void): void;
}

/** How often a database may die, with no steady service in between, until whoever waits for it is told. */
const DEATHS_BEFORE_GIVING_UP = 3;
/** The same for a driver that fails to bring it into service. */
const FAILURES_BEFORE_GIVING_UP = 10;
/** Serving this long, a database has left its past deaths behind, as with the restart policies of container engines. */
const STEADY_MS = 10_000;
/** What a stuck database has to end by itself before it is killed. */
const STUCK_GRACE_MS = 10_000;
const PROBE_TIMEOUT_MS = 10_000;
const INITIALISE_TIMEOUT_MS = 120_000;
const HOLD_TIMEOUT_MS = 60_000;
/** A parameter that the database refused is tried again after as many looks at its drift. */
const DRIFTS_UNTIL_REFUSED_AGAIN = 10;
const SHUTDOWN_TIMEOUT_MS = 60_000;

export function createAgent(parts: AgentParts): Agent {
  const { state, volume, sandbox, database, tls, logs, log } = parts;
  const { now = () => performance.now(), watchMs = 2000, startingMs = 100, retryMs = 500, stuckMs = 30_000 } = parts;
  const { startDeadlineMs = 300_000, driftMs = 60_000 } = parts;
  const listeners: (() => void)[] = [];
  const waiters = createWaiters(() => status);
  const groundBackOff = createBackOff(retryMs, 30_000);
  const deathBackOff = createBackOff(retryMs / 5, 30_000);
  const patience = createPatience({ now, stuckMs, startDeadlineMs });
  const space = createSpace(volume);
  const configuration = createConfiguration({ state, log, now, refusedMs: driftMs * DRIFTS_UNTIL_REFUSED_AGAIN });
  const convergence = createConvergence({ configuration, tls, database, log, now, driftMs, retryMs });
  const deployer = createDeployer({ ...parts, configuration });

  let status: AgentStatus = { state: 'new' };
  let desired: InstanceSpec | undefined;
  // Each names a life of the container by its id and start.
  /** Last seen running by this process. */
  let seen: string | undefined;
  /** Whose end is waited for. */
  let watched: string | undefined;
  /** Brought into service. */
  let initialised: string | undefined;
  /** Counted as dead. */
  let mourned: string | undefined;
  /** Asked to end. */
  let unwanted: string | undefined;
  let healthySince: number | undefined;
  let full: string | undefined;
  let wasHealthy = false;
  let startAfter = 0;
  let deaths = 0;
  let failures = 0;
  let wake = (): void => {};

  function set(to: GuestState, why?: string, revision = status.revision): void {
    // Whatever a full volume does to a database, that it is full is what its user can mend.
    const state = full === undefined ? to : 'blocked';
    const detail = full ?? why ?? configuration.takenBack();
    const changed: AgentStatus = {
      state,
      ...(detail !== undefined && { detail }),
      ...(revision !== undefined && { revision }),
      ...parametersOf(configuration.outcomes()),
    };
    if (JSON.stringify(changed) === JSON.stringify(status)) return;
    log.info({ ...changed }, 'status');
    status = changed;
    for (const listener of listeners) listener();
  }

  function operation(signal: AbortSignal, timeoutMs: number): Operation {
    return { id: randomUUID(), signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) };
  }

  const lifeOf = (container: ContainerState): string => `${container.id} ${container.startedAt?.getTime()}`;

  /** A new wish is tried at once. */
  function beginAnew(): void {
    failures = 0;
    deaths = 0;
    startAfter = 0;
    groundBackOff.reset();
    deathBackOff.reset();
    wake();
  }

  async function stopGently({ driver, order }: Deployment, signal: AbortSignal): Promise<void> {
    await driver.shutdown(operation(signal, SHUTDOWN_TIMEOUT_MS)).catch((error: unknown) => {
      log.warn({ error }, 'the database did not end when asked; its container is stopped');
    });
    await database.stop(order.container.stopTimeoutMs);
  }

  /** Ends what was asked to end, or runs under another order, or in the network of a sandbox that is gone. */
  async function clearAway(current: Deployment, signal: AbortSignal): Promise<ContainerState | undefined> {
    const found = await database.inspect();
    if (!found) return undefined;
    const fits = database.fits(found, current.order);
    const isRunning = found.state === 'running';
    const isInPlace = !isRunning || (found.pid !== undefined && (await sandbox.holds(found.pid)));
    const isUnwanted = isRunning && lifeOf(found) === unwanted;
    if (fits && isInPlace && !isUnwanted) return found;
    log.info({ fits, isInPlace, isUnwanted }, 'the database is ended, to be started anew');
    set('restarting', whyAnew(fits, isInPlace));
    if (isRunning) await stopGently(current, signal);
    if (!fits) await database.remove();
    seen = undefined;
    return database.inspect();
  }

  function whyAnew(fits: boolean, isInPlace: boolean): string {
    if (!fits) return 'A new configuration is put in force.';
    return isInPlace ? 'A restart was asked for.' : 'The network was laid again.';
  }

  /** Each of the deaths that follow one another is waited after twice as long as after the one before. */
  function countDeath(life: string, why: string): void {
    mourned = life;
    healthySince = undefined;
    deaths += 1;
    const delayMs = deathBackOff.next();
    startAfter = now() + delayMs;
    log.warn({ why, deaths, delayMs }, 'the database died');
  }

  /** @returns whether it is to be started with other parameters now. */
  async function mourn(container: ContainerState, life: string): Promise<boolean> {
    const why = container.oomKilled ? 'it ran out of memory' : `exit code ${container.exitCode ?? 'unknown'}`;
    countDeath(life, why);
    set('crashed', `The database ended by itself: ${why}.`);
    if (deaths < DEATHS_BEFORE_GIVING_UP) return false;
    const often = `ended ${deaths} times before it served, the last time because ${why}`;
    if (await takeBack(`it ${often}`)) return true;
    waiters.failed(new Problem('guest_failed', `The database ${often}.`));
    return false;
  }

  /** Parameters that are new to the database are the first that is to blame for one that does not come up. */
  async function takeBack(why: string): Promise<boolean> {
    if (!(await configuration.takeBack(why))) return false;
    set('restarting');
    beginAnew();
    return true;
  }

  /** Ends this life if its parameters are to blame for what it does not come to. */
  async function retreat(life: string, why: string): Promise<boolean> {
    if (!(await takeBack(why))) return false;
    mourned = life;
    await database.stop(STUCK_GRACE_MS);
    return true;
  }

  /** Wakes the loop when this life of the database ends, which the next look would see too, and later. */
  function watch(life: string, signal: AbortSignal): void {
    if (watched === life) return;
    watched = life;
    database.ended(signal).then(
      () => wake(),
      () => {
        if (watched === life) watched = undefined;
      },
    );
  }

  /** One look at the database, and the one thing to do about it. @returns after how long to look again, ms. */
  async function keepRunning(current: Deployment, signal: AbortSignal): Promise<number> {
    const { driver, order } = current;
    const container = await clearAway(current, signal);
    const life = container && lifeOf(container);
    if (container?.state !== 'running' || life === undefined) {
      if (container && life === seen && life !== mourned && (await mourn(container, life ?? ''))) return 0;
      if (now() < startAfter) return startAfter - now();
      if (status.state !== 'crashed') set(wasHealthy || container ? 'restarting' : 'building');
      if (current.parameters) await configuration.starting(current.parameters.settings);
      await database.start(order);
      // Before it may have ended again: a death that nobody saw the life of would not be counted.
      const begun = await database.inspect();
      seen = begun && lifeOf(begun);
      return startingMs;
    }
    seen = life;
    watch(life, signal);
    const health = await driver.probe(operation(signal, PROBE_TIMEOUT_MS));
    if (health.state === 'healthy' && initialised !== life) {
      await driver.initialise(operation(signal, INITIALISE_TIMEOUT_MS));
      initialised = life;
    }
    failures = 0;
    const isInService = initialised === life;
    if (patience.isStuck(health, isInService)) {
      await endStuck(life);
      return 0;
    }
    const isRising = !isInService && (health.state === 'starting' || health.state === 'down');
    if (isRising && (await isTooLate(life, health.detail))) return 0;
    const isServing = isInService && health.state === 'healthy';
    const problem = isServing ? await upkeep(current, life, signal) : undefined;
    return judge(health, order.spec, isInService, problem);
  }

  /** Whether it takes so long to serve with new parameters that these have been taken back. */
  async function isTooLate(life: string, detail: string): Promise<boolean> {
    if (!patience.isLate(life)) return false;
    return retreat(life, `it did not serve within ${Math.round(startDeadlineMs / 1000)} s (${detail})`);
  }

  /** What a serving database needs from time to time. @returns what keeps its spec from being in force. */
  async function upkeep(current: Deployment, life: string, signal: AbortSignal): Promise<Problem | undefined> {
    const { driver, order } = current;
    if (current.parameters) await configuration.cameUp();
    const problem = await convergence.hold(current, life, operation(signal, HOLD_TIMEOUT_MS));
    await logs.rotate({ group: driver.logs, order }, operation(signal, HOLD_TIMEOUT_MS));
    return problem;
  }

  /** What it acknowledged is on its disk, so it may be ended; it will not do so when its driver asks. */
  async function endStuck(life: string): Promise<void> {
    countDeath(life, 'it did not answer');
    set('crashed', `The database did not answer for ${Math.round(stuckMs / 1000)} s; it is started again.`);
    await database.stop(STUCK_GRACE_MS);
  }

  async function judge(health: Health, spec: InstanceSpec, isInService: boolean, problem?: Problem): Promise<number> {
    if (health.state === 'healthy') {
      healthySince ??= now();
      wasHealthy = true;
      if (now() - healthySince > STEADY_MS) {
        deaths = 0;
        deathBackOff.reset();
        await configuration.isSteady();
      }
      if (problem) set('healthy', problem.detail);
      else set('healthy', undefined, spec.revision);
      // What waits may be of a newer order than this one.
      if (problem && !problem.mayRetry && spec === desired) waiters.failed(problem);
      waiters.reached(status.state);
      return watchMs;
    }
    healthySince = undefined;
    // Up, and not serving: either it has served in this life and hangs, or it is still on its way.
    if (health.state !== 'blocked' && !isInService) {
      set(wasHealthy ? 'restarting' : 'building', health.detail);
      return startingMs;
    }
    set(health.state === 'blocked' ? 'blocked' : 'running', health.detail);
    if (health.state === 'blocked') waiters.reached('blocked');
    return watchMs;
  }

  async function pass(signal: AbortSignal): Promise<number> {
    const spec = desired;
    if (!spec) return Number.POSITIVE_INFINITY;
    let isGroundLaid = false;
    try {
      const current = await deployer.lay(spec, signal);
      isGroundLaid = true;
      groundBackOff.reset();
      full = await space.look();
      return await keepRunning(current, signal);
    } catch (error) {
      if (signal.aborted) return 0;
      const problem = toProblem(error);
      log.warn(
        { error },
        isGroundLaid ? 'the database could not be brought into service' : 'the ground could not be laid',
      );
      if (isGroundLaid && !problem.mayRetry) failures += 1;
      const isForGood = isGroundLaid ? failures >= FAILURES_BEFORE_GIVING_UP : !problem.mayRetry;
      healthySince = undefined;
      if (isForGood && seen !== undefined && seen !== initialised && (await retreat(seen, problem.detail))) return 0;
      if (isForGood) {
        set(wasHealthy ? 'crashed' : 'failed_to_spawn', problem.detail);
        waiters.failed(problem);
      } else set(wasHealthy ? 'restarting' : 'building', problem.detail);
      return isGroundLaid ? retryMs : groundBackOff.next();
    }
  }

  return {
    async run(signal) {
      desired ??= await state.spec();
      // What was there before this process began is brought back, not built.
      if (desired) set('restarting');
      while (!signal.aborted) {
        const woken = new AbortController();
        wake = () => woken.abort();
        const waitMs = await pass(signal);
        await sleep(waitMs, AbortSignal.any([signal, woken.signal]));
      }
      await deployer.close();
    },
    async adopt(spec) {
      const present = desired ?? (await state.spec());
      if (present && spec.revision < present.revision) {
        throw new Problem(
          'conflict',
          `Spec revision ${spec.revision} is older than ${present.revision}, which is in force; send the newest.`,
        );
      }
      await state.saveSpec(spec);
      desired = spec;
      if (!present) set('building');
      beginAnew();
    },
    wanted: async () => desired ?? (await state.spec()),
    settled(revision, signal) {
      const isInForce = (): boolean => (status.revision ?? 0) >= revision;
      if (status.state === 'healthy' && isInForce()) return Promise.resolve(status.state);
      return waiters.wait((reached) => reached === 'healthy' && isInForce(), signal);
    },
    async life() {
      const container = await database.inspect();
      return container ? lifeOf(container) : '';
    },
    restart(life, signal) {
      // Said again it is no new wish: deaths go on being counted.
      if (unwanted !== life) {
        unwanted = life;
        beginAnew();
      }
      // What the status says now may be of the life that ends.
      return waiters.wait(() => seen !== life, signal);
    },
    factory: deployer.factory,
    serving() {
      const deployment = deployer.present();
      if (status.state === 'healthy' && deployment) return deployment.driver;
      const why = status.detail ? `: ${status.detail}` : '.';
      throw new Problem('not_ready', `The database is ${status.state}${why} Try again when it is healthy.`);
    },
    deployed() {
      const deployment = deployer.present();
      if (deployment) return deployment;
      throw new Problem('not_ready', `The database is ${status.state}; try again when there is one.`);
    },
    outcomes: configuration.outcomes,
    status: () => status,
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}
