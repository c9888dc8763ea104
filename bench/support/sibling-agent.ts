// The agent as `packages/agent/src/main.ts` runs it, for several on one engine: CONTAINER_PREFIX tells their containers apart.
import { createAgentTransport } from '@coffer/core/amqp';
import { readConfig } from '../../packages/agent/src/config.ts';
import { createJsonLogger } from '../../packages/agent/src/log.ts';
import { createDockerRuntime } from '../../packages/agent/src/runtime/docker.ts';
import { serve } from '../../packages/agent/src/serve.ts';
import { prefixedRuntime } from './prefixed-runtime.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

const config = readConfig(process.env);
const log = createJsonLogger((line) => void process.stdout.write(line), config.logLevel);
await serve(
  {
    config,
    runtime: prefixedRuntime(createDockerRuntime({ endpoint: config.engine }), process.env.CONTAINER_PREFIX ?? ''),
    connect: ({ broker, instanceId }) => createAgentTransport({ ...broker, instanceId, log }),
    log,
  },
  stop.signal,
);
