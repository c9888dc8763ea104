import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Problem, silentLogger } from '@coffer/core';
import type { GuestHandlers } from '@coffer/core/rpc';
import { createFakeRuntime, type FakeRuntime } from '@coffer/core/testing';
import { type Agent, type AgentParts, createAgent } from './agent.ts';
import { createDatabase, DATABASE } from './database.ts';
import { createHandlers } from './handlers.ts';
import { createLogs } from './logs.ts';
import { openReplies } from './replies.ts';
import { fakeDriver, INSTANCE, memoryState, readsItsFiles, scratch } from './testing.ts';
import { createTls } from './tls.ts';

/** A guest in memory, whose agents come and go. */
export interface Stage {
  runtime: FakeRuntime;
  driver: ReturnType<typeof fakeDriver>;
  stored: ReturnType<typeof memoryState>['kept'];
  runDir: string;
  problems: { image?: Problem; volume?: Problem };
  holds: boolean;
  freeBytes: number;
  /** Another process over the same guest. */
  begin(overrides?: Partial<AgentParts>): { agent: Agent; handlers: GuestHandlers; stop(): Promise<void> };
  /** The content of a file as the database's container has it. */
  file(path: string): Promise<string>;
}

/** @param after the test's hook that runs when it is through. */
export async function stageFor(after: (clean: () => Promise<void>) => void): Promise<Stage> {
  const runtime = createFakeRuntime({ images: ['fakedb:1'] });
  const driver = fakeDriver();
  const runDir = await scratch(after);
  readsItsFiles(runtime, driver);
  const state = memoryState();
  const { marks } = await openReplies(join(runDir, 'replies'));
  const made: Stage = {
    runtime,
    driver,
    stored: state.kept,
    runDir,
    problems: {},
    holds: true,
    freeBytes: 2 ** 30,
    async file(path) {
      const folder = runtime.created.get(DATABASE)?.binds?.find(({ target }) => target === dirname(path))?.source;
      return readFile(join(folder ?? 'nowhere', basename(path)), 'utf8');
    },
    begin(overrides = {}) {
      const tls = createTls(state);
      const logs = createLogs({ runtime, log: silentLogger });
      const volume: AgentParts['volume'] = {
        ensure: async () => {
          if (made.problems.volume) throw made.problems.volume;
          return runDir;
        },
        freeBytes: async () => made.freeBytes,
        usage: async () => ({ usedBytes: 2 ** 30 - made.freeBytes, totalBytes: 2 ** 30 }),
      };
      const agent = createAgent({
        runtime,
        state,
        tls,
        logs,
        volume,
        sandbox: {
          ensure: async (_spec, image) => {
            await runtime.create({ name: 'coffer-sandbox', image, network: 'none' });
            await runtime.start('coffer-sandbox');
          },
          holds: async () => made.holds,
        },
        database: createDatabase({ runtime, runDir, setOwner: async () => {} }),
        ensureImage: async () => {
          if (made.problems.image) throw made.problems.image;
          return 'fakedb:1';
        },
        loadDriver: async () => driver.factory,
        log: silentLogger,
        watchMs: 5,
        startingMs: 5,
        retryMs: 5,
        ...overrides,
      });
      const abort = new AbortController();
      const running = agent.run(abort.signal);
      const stop = async (): Promise<void> => {
        abort.abort();
        await running;
      };
      after(stop);
      const report = async () => ({ ...agent.status(), agentBuild: '0', protocol: 1, clockMs: 0 });
      const handlers = createHandlers({ instanceId: INSTANCE, agent, tls, logs, volume, marks, report });
      return { agent, handlers, stop };
    },
  };
  return made;
}

export const soon = (): AbortSignal => AbortSignal.timeout(3000);
export const count = (runtime: FakeRuntime, method: string, name: string): number =>
  runtime.calls.filter(
    (call) => call.method === method && (call.args[0] === name || (call.args[0] as { name?: string })?.name === name),
  ).length;
