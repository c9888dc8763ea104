import type { ContainerRuntime } from '@coffer/core';
import { createAgentTransport } from '@coffer/core/amqp';
import { readConfig } from '../../../packages/agent/src/config.ts';
import { createJsonLogger } from '../../../packages/agent/src/log.ts';
import type { RunCommand } from '../../../packages/agent/src/run-command.ts';
import { serve } from '../../../packages/agent/src/serve.ts';
import { remote } from './remote.ts';

/** Of one guest, what its agent works on and what outlives that. */
export interface GuestGround {
  runtime: ContainerRuntime;
  run: RunCommand;
  /** Told around each reply: its result is stored before it, the command settled after it. */
  replying(point: 'before' | 'after'): Promise<void>;
}

export interface AgentServices {
  guests(): Promise<{ id: string; env: Record<string, string> }[]>;
  grounds: Record<string, GuestGround>;
}

/** The agents of many guests in one process, so that one SIGKILL ends them all; what they work on is their parent's. */
const world = remote<AgentServices>();
const log = createJsonLogger((line) => process.stderr.write(line), 'error');
for (const { id, env } of await world.guests()) {
  const ground = world.grounds[id];
  if (!ground) throw new Error(`there is no guest ${id}`);
  const { runtime, run, replying } = ground;
  const connect: Parameters<typeof serve>[0]['connect'] = ({ broker, instanceId }) => {
    const transport = createAgentTransport({ ...broker, instanceId });
    return {
      ...transport,
      async reply(copy, sealed) {
        await replying('before');
        await transport.reply(copy, sealed);
        await replying('after');
      },
    };
  };
  serve({ config: readConfig(env), runtime, run, connect, log }, new AbortController().signal).catch((error: unknown) =>
    log.error({ error, id }, 'an agent ended'),
  );
}
