import { silentLogger } from '@coffer/core';
import { createAgentTransport } from '@coffer/core/amqp';
import { connectAgentLink, createMemoryReplies, type GuestReport, newKeyPair, PROTOCOLS } from '@coffer/core/rpc';
import { parseEnrolmentData } from '../../../packages/agent/src/spec.ts';
import { createStatusReporter } from '../../../packages/agent/src/status-reporter.ts';

/** A guest without a machine: the agent's own transport, link and reporter; what the database would say is made up. */
export interface LightGuest {
  readonly instanceId: string;
  /** Reports that the broker took. */
  readonly reports: number;
  /** Ends or takes up its regular reports; the link stays. */
  setReporting(isReporting: boolean): void;
  /** Reports so many times, each as soon as the broker has the one before. */
  reportTimes(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param userData what the cloud hands to the guest. Resolves once it has enrolled and reports. */
export async function startLightGuest(userData: string): Promise<LightGuest> {
  const { instanceId, token, broker, reportIntervalMs } = parseEnrolmentData(JSON.parse(userData));
  const stopping = new AbortController();
  let state: GuestReport['state'] = 'new';
  let reports = 0;
  let pausing = new AbortController();
  let reporting: Promise<void> = Promise.resolve();

  const link = await connectAgentLink({
    transport: createAgentTransport({ ...broker, instanceId }),
    instanceId,
    keys: newKeyPair(),
    token,
    enrolled: async () => {},
    nextBoot: async () => 1,
    replies: createMemoryReplies(),
    handlers: {
      async prepare() {
        state = 'healthy';
        reporter.nudge();
        return { state };
      },
      status: async () => report(),
    },
    signal: stopping.signal,
  });

  // As long as a real one.
  const report = (): GuestReport => ({
    state,
    agentBuild: '0.1.0+0123456789abcdef',
    protocol: PROTOCOLS.max,
    driver: '0'.repeat(64),
    revision: 1,
    volume: { usedBytes: 250_000_000 + reports * 4096, totalBytes: 1_073_741_824 },
    memory: { agentRssBytes: 60_000_000 },
    clockMs: Date.now(),
  });
  async function send(sent: GuestReport): Promise<void> {
    await link.report(sent);
    reports += 1;
  }
  const reporter = createStatusReporter({
    report: async () => report(),
    send,
    intervalMs: reportIntervalMs,
    log: silentLogger,
  });
  const setReporting = (isReporting: boolean): void => {
    pausing.abort();
    if (!isReporting) return;
    pausing = new AbortController();
    const until = AbortSignal.any([pausing.signal, stopping.signal]);
    reporting = reporting.then(() => reporter.run(until));
  };
  setReporting(true);

  return {
    instanceId,
    get reports() {
      return reports;
    },
    setReporting,
    async reportTimes(count) {
      for (let i = 0; i < count; i += 1) await send(report());
    },
    async stop() {
      stopping.abort();
      await reporting;
      await link.close();
    },
  };
}
