#!/usr/bin/env node
import { createAgentTransport } from '@coffer/core/amqp';
import { type AgentConfig, readConfig } from './config.ts';
import { createJsonLogger } from './log.ts';
import { createDockerRuntime } from './runtime/docker.ts';
import { serve } from './serve.ts';

const write = (line: string): void => {
  process.stdout.write(line);
};
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

let log = createJsonLogger(write, 'info');
try {
  const config: AgentConfig = readConfig(process.env);
  log = createJsonLogger(write, config.logLevel);
  await serve(
    {
      config,
      runtime: createDockerRuntime({ endpoint: config.engine }),
      connect: ({ broker, instanceId }) =>
        createAgentTransport({ ...broker, instanceId, log: log.child({ part: 'amqp' }) }),
      log,
    },
    stop.signal,
  );
} catch (error) {
  log.error({ error }, 'the agent ends');
  process.exitCode = 1;
}
