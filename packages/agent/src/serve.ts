import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerRuntime, type Logger, Problem } from '@coffer/core';
import type { DatabaseSpec, UserSpec } from '@coffer/core/driver';
import { type AgentLink, type AgentTransport, connectAgentLink, type GuestReport, PROTOCOLS } from '@coffer/core/rpc';
import { type Agent, type AgentParts, createAgent } from './agent.ts';
import { createBackOff } from './back-off.ts';
import { AGENT_BUILD } from './build.ts';
import type { AgentConfig } from './config.ts';
import { createDatabase } from './database.ts';
import { ensureTmpfs, readCgroupParent, readJsonFile } from './guest.ts';
import { createHandlers } from './handlers.ts';
import { ensureImage } from './image.ts';
import { type FetchChunk, loadDriver } from './load-driver.ts';
import { createLogs } from './logs.ts';
import { openReplies } from './replies.ts';
import { type RunCommand, runCommand } from './run-command.ts';
import { createSandbox } from './sandbox.ts';
import { sleep } from './sleep.ts';
import { parseEnrolmentData, parseInstanceSpec } from './spec.ts';
import { type AgentState, createAgentState, type GuestAccount, openStateFolder } from './state.ts';
import { createStatusReporter } from './status-reporter.ts';
import { createTls } from './tls.ts';
import { createVolume } from './volume.ts';

export interface ServeParts {
  config: AgentConfig;
  runtime: ContainerRuntime;
  /** The road to the broker; a new one for each attempt to connect. */
  connect(account: GuestAccount): AgentTransport;
  log: Logger;
  /** Default: runs the guest's tools. */
  run?: RunCommand;
}

/** Enrolment data as they came, or as they were kept without their token. */
type Enrolment = GuestAccount & { token?: string };

/** What an order by file says. */
interface FileOrder {
  spec: unknown;
  driver: { name: string; sha256: string };
  databases?: DatabaseSpec[];
  users?: UserSpec[];
}

const CHUNK_TIMEOUT_MS = 30_000;

/**
 * Runs the agent of one guest until the signal fires. What was running before is brought back from the guest's own state, whether
 * or not the control plane can be reached; the database runs on when the agent ends.
 */
export async function serve(parts: ServeParts, signal: AbortSignal): Promise<void> {
  const { config, log, run = runCommand } = parts;
  await ensureTmpfs(config.runDir, run);
  const state = createAgentState(await openStateFolder(config.stateDir));
  if (config.specFile) await serveFile(parts, config.specFile, state, signal);
  else await serveControlPlane(parts, await readEnrolment(config.userDataPath, state, log), state, signal);
  log.info({}, 'the agent has stopped; the database runs on');
}

/**
 * What the guest is given to enrol with. Once it has enrolled that is what it was, or an account issued anew, which wins; where
 * it is not there, what was kept of it serves: user data may lie in memory and not outlive a reboot of the machine below.
 * @throws Problem `conflict` for another instance's: a guest copied from an enrolled one must not speak in its name.
 */
async function readEnrolment(path: string, state: AgentState, log: Logger): Promise<Enrolment> {
  const isEnrolled = (await state.serverPublicKey()) !== undefined;
  const kept = isEnrolled ? await state.account() : undefined;
  const given = await readUserData(path).catch((error: unknown) => {
    if (!kept) throw error;
    log.info({ error }, 'there is no user data to be had; the account that was kept is used');
    return kept;
  });
  if (kept && given.instanceId !== kept.instanceId) {
    throw new Problem(
      'conflict',
      `${path} is of instance ${given.instanceId}, and this guest has enrolled as ${kept.instanceId}; build it from the guest image.`,
    );
  }
  if (isEnrolled) await state.saveAccount(accountOf(given));
  return given;
}

const readUserData = async (path: string): Promise<Enrolment> => parseEnrolmentData(await readJsonFile(path), path);

/** Everything but the token, which is worthless from now on. */
function accountOf({ token: _, ...account }: Enrolment): GuestAccount {
  return account;
}

async function assemble(
  parts: ServeParts,
  state: AgentState,
  driver: { name: string; sha256: string },
  fetchChunk: FetchChunk,
) {
  const { config, runtime, log, run = runCommand } = parts;
  const cgroupParent = config.cgroupParent ?? (await readCgroupParent());
  const below = cgroupParent === undefined ? {} : { cgroupParent };
  let driverInUse: string | undefined;
  const underWay = new Map<string, Promise<string>>();
  /** As `ensureImage`; whoever asks for an image that is being got joins. */
  const getImage: AgentParts['ensureImage'] = (image, stop) => {
    const key = JSON.stringify(image);
    const getting =
      underWay.get(key) ??
      ensureImage({ runtime, imagesDir: config.imagesDir, log }, image, stop).finally(() => underWay.delete(key));
    underWay.set(key, getting);
    return getting;
  };
  const volume = createVolume({ run, state, mountPoint: config.dataDir });
  const tls = createTls(state);
  const logs = createLogs({ runtime, log });
  const agent = createAgent({
    runtime,
    state,
    tls,
    logs,
    volume,
    sandbox: createSandbox({ runtime, run, netnsPath: join(config.runDir, 'tenant.netns'), log, ...below }),
    database: createDatabase({ runtime, runDir: config.runDir, ...below }),
    ensureImage: getImage,
    async loadDriver() {
      const loaded = await loadDriver({ path: join(config.stateDir, 'drivers'), fetchChunk }, driver);
      driverInUse = driver.sha256;
      return loaded;
    },
    log,
  });

  async function report(): Promise<GuestReport> {
    const status = agent.status();
    const usage = await volume.usage();
    return {
      ...status,
      agentBuild: AGENT_BUILD,
      protocol: PROTOCOLS.max,
      memory: { agentRssBytes: process.memoryUsage.rss() },
      clockMs: Date.now(),
      ...(driverInUse !== undefined && { driver: driverInUse }),
      ...(usage && { volume: usage }),
    };
  }

  const { replies, marks } = await openReplies(join(config.runDir, 'replies'));
  const handlers = (instanceId: string) => createHandlers({ instanceId, agent, tls, logs, volume, marks, report });
  return { agent, report, replies, handlers, getImage };
}

async function serveControlPlane(
  parts: ServeParts,
  enrolment: Enrolment,
  state: AgentState,
  signal: AbortSignal,
): Promise<void> {
  const { log } = parts;
  const { instanceId } = enrolment;
  const linked = Promise.withResolvers<AgentLink>();
  // Nobody may be waiting for it when the agent stops.
  linked.promise.catch(() => {});
  signal.addEventListener('abort', () => linked.reject(new Problem('unavailable', 'The agent is stopping.')), {
    once: true,
  });

  const fetchChunk: FetchChunk = async (chunk) => {
    const link = await linked.promise;
    try {
      return await link.ask('driver_chunk', chunk, { timeoutMs: CHUNK_TIMEOUT_MS, signal });
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem('unavailable', `The control plane did not send the driver ${enrolment.driver.name} in time.`, {
        cause: error,
      });
    }
  };
  const { agent, report, replies, handlers, getImage } = await assemble(parts, state, enrolment.driver, fetchChunk);
  const reconciling = agent.run(signal);
  if (enrolment.image && (await state.spec()) === undefined) {
    // It takes seconds, and so do enrolment, driver and order: what goes wrong here is said when the order needs the image.
    getImage(enrolment.image, signal).catch((error: unknown) => log.info({ error }, 'the image is not ready yet'));
  }

  const link = await connectWithBackOff(
    parts,
    signal,
    async (transport) => {
      const serverPublicKey = await state.serverPublicKey();
      return connectAgentLink({
        transport,
        instanceId,
        keys: await state.keys(),
        ...(serverPublicKey !== undefined && { serverPublicKey }),
        ...(serverPublicKey === undefined && enrolment.token !== undefined && { token: enrolment.token }),
        async enrolled(key) {
          await state.saveAccount(accountOf(enrolment));
          await state.saveServerPublicKey(key);
        },
        nextBoot: () => state.nextBoot(),
        replies,
        handlers: handlers(instanceId),
        signal,
        log: log.child({ part: 'link' }),
      });
    },
    enrolment,
  );
  if (link) {
    linked.resolve(link);
    log.info({ instanceId }, 'the control plane is linked');
    const reporter = createStatusReporter({
      report,
      send: (sent) => link.report(sent),
      intervalMs: enrolment.reportIntervalMs,
      log,
    });
    agent.onChange(() => reporter.nudge());
    await reporter.run(signal);
    await link.close();
  }
  await reconciling;
}

/** Undefined when the signal came first. */
async function connectWithBackOff(
  { connect, log }: ServeParts,
  signal: AbortSignal,
  attempt: (transport: AgentTransport) => Promise<AgentLink>,
  enrolment: Enrolment,
): Promise<AgentLink | undefined> {
  // A broker that never answers must not hold the end.
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const backOff = createBackOff(500, 30_000);
  while (!signal.aborted) {
    const transport = connect(enrolment);
    try {
      const link = await Promise.race([attempt(transport), stopped]);
      if (!link) await transport.close();
      return link;
    } catch (error) {
      await transport.close().catch(() => {});
      if (signal.aborted) return undefined;
      const waitMs = backOff.next();
      log.warn({ error, waitMs }, 'the control plane cannot be reached; trying again');
      await sleep(waitMs, signal);
    }
  }
  return undefined;
}

/** The same agent, told by a file: for one's first steps with a driver or an image, and for tests; it needs no broker. */
async function serveFile(parts: ServeParts, specFile: string, state: AgentState, signal: AbortSignal): Promise<void> {
  const { config, log } = parts;
  const order = (await readJsonFile(specFile)) as FileOrder;
  const spec = parseInstanceSpec(order.spec, `spec in ${specFile}`);
  const bundle = config.driverFile;
  const fetchChunk: FetchChunk = async ({ offset }) => {
    if (!bundle)
      throw new Problem('not_found', 'COFFER_DRIVER names no bundle, and none is kept under the hash that is wanted.');
    const bytes = await readFile(bundle);
    return { base64: bytes.subarray(offset).toString('base64'), totalBytes: bytes.length };
  };
  const { agent, handlers } = await assemble(parts, state, order.driver, fetchChunk);
  const reconciling = agent.run(signal);
  await prepareFrom(order, handlers(spec.instanceId), agent, log, signal);
  await reconciling;
}

async function prepareFrom(
  order: FileOrder,
  handlers: ReturnType<typeof createHandlers>,
  agent: Agent,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { databases = [], users = [] } = order;
  try {
    const spec = parseInstanceSpec(order.spec);
    await handlers.prepare({ spec, databases, users }, { id: randomUUID(), signal });
    log.info({ ...agent.status() }, 'the order in the file is carried out');
  } catch (error) {
    if (!signal.aborted) log.error({ error }, 'the order in the file could not be carried out');
  }
}
