import { silentLogger } from '@coffer/core';
import type { GuestReport } from '@coffer/core/rpc';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStatusReporter } from './status-reporter.ts';

describe('the status reporter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('reports at once, at every interval, after each change, and through failures', async () => {
    const sent: number[] = [];
    let isBroken = false;
    const reporter = createStatusReporter({
      report: async (): Promise<GuestReport> => ({
        state: 'healthy',
        agentBuild: '0',
        protocol: 1,
        clockMs: sent.length,
      }),
      send: async ({ clockMs }) => {
        if (isBroken) throw new Error('no broker');
        sent.push(clockMs);
      },
      intervalMs: 1000,
      log: silentLogger,
      random: () => 1,
    });
    const abort = new AbortController();
    const running = reporter.run(abort.signal);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1099);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    reporter.nudge();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(3);
    isBroken = true;
    await vi.advanceTimersByTimeAsync(1100);
    isBroken = false;
    await vi.advanceTimersByTimeAsync(1100);
    expect(sent).toHaveLength(4);
    abort.abort();
    await vi.advanceTimersByTimeAsync(0);
    await running;
  });

  it('ends at once, also while a broker that is away holds a report', async () => {
    const reporter = createStatusReporter({
      report: async (): Promise<GuestReport> => ({ state: 'healthy', agentBuild: '0', protocol: 1, clockMs: 0 }),
      send: () => new Promise(() => {}),
      intervalMs: 1000,
      log: silentLogger,
    });
    const abort = new AbortController();
    const running = reporter.run(abort.signal);
    await vi.advanceTimersByTimeAsync(10);
    abort.abort();
    await running;
  });
});
