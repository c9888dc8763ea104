import { type Logger, type Problem, toProblem } from '@coffer/core';
import type { Operation } from '@coffer/core/driver';
import { createBackOff } from './back-off.ts';
import type { Configuration } from './configuration.ts';
import type { Database } from './database.ts';
import type { Deployment } from './deployment.ts';
import type { Tls } from './tls.ts';

/** Holds a serving database to its parameters and its certificate. */
export interface Convergence {
  /**
   * Looks whether all is in force, at once for another spec or another life of the database and else now and then, and puts in
   * force what is not: what was asked for, and what somebody changed by hand.
   * @returns what keeps it from being in force; the same until it is tried again, after twice as long each time
   */
  hold(deployment: Deployment, life: string, op: Operation): Promise<Problem | undefined>;
}

export interface ConvergenceParts {
  configuration: Configuration;
  tls: Tls;
  database: Pick<Database, 'layFiles'>;
  log: Logger;
  now: () => number;
  /** Between two looks at a database of which nothing else is wanted, ms. */
  driftMs: number;
  /** First wait after a failure, ms. */
  retryMs: number;
}

export function createConvergence(parts: ConvergenceParts): Convergence {
  const { configuration, tls, database, log, now, driftMs, retryMs } = parts;
  const backOff = createBackOff(retryMs, driftMs);
  /** What was last put in force, and in which life. */
  let last: { life: string; order: string } | undefined;
  let lookAfter = 0;
  let problem: Problem | undefined;

  async function putInForce({ driver, order, parameters, tls: material }: Deployment, life: string, op: Operation) {
    await database.layFiles(order);
    if (driver.configuration && parameters)
      await configuration.hold(driver.configuration, parameters.wish, parameters.settings, life, op);
    await tls.hold(driver, material, life, op);
  }

  return {
    async hold(deployment, life, op) {
      const { spec } = deployment.order;
      const order = JSON.stringify([spec.revision, deployment.parameters?.settings, spec.tls]);
      const isOther = last?.life !== life || last.order !== order;
      if (!isOther && now() < lookAfter) return problem;
      if (isOther) {
        backOff.reset();
        configuration.askAnew();
      }
      last = { life, order };
      try {
        await putInForce(deployment, life, op);
        problem = undefined;
        backOff.reset();
        lookAfter = now() + driftMs;
      } catch (error) {
        const waitMs = backOff.next();
        log.warn({ error, waitMs }, 'parameters or certificate could not be put in force');
        problem = toProblem(error);
        lookAfter = now() + waitMs;
      }
      return problem;
    },
  };
}
