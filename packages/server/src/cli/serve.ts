import type { Command } from 'commander';
import { addServeOptions, readConfig } from '../config.ts';
import { serve } from '../serve.ts';
import { createLog } from './log.ts';

/** What the worker of a server may be told by the program around it. */
export type ServeWorker = NonNullable<Parameters<typeof serve>[2]>;

/** `coffer serve`: runs until it is told to stop. */
export function addServe(program: Command, worker?: ServeWorker): void {
  addServeOptions(program.command('serve').description('serve the API, run jobs, watch over guests')).action(
    async (flags) => {
      const config = readConfig(flags);
      const log = createLog(config.logLevel);
      const stopping = Promise.withResolvers<NodeJS.Signals>();
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.resolve(signal));
      const server = await serve(config, log, worker);
      // Whoever started this waits for the line.
      process.stdout.write(`listening ${server.url}\n`);
      const signal = await stopping.promise;
      log.info({ signal }, 'stopping');
      await server.close();
    },
  );
}
