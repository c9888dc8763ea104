import { createRabbitmqBroker } from '../../packages/server/src/brokers/rabbitmq.ts';
import { createLog } from '../../packages/server/src/cli/log.ts';
import { type Plane, startPlane } from '../../test/support/scale/plane.ts';
import type { FromServer, ToServer } from './scale-messages.ts';

let plane: Plane | undefined;
const tell = (message: FromServer) => process.send?.(message);

process.on('disconnect', () => process.exit());
process.on('message', async (message: ToServer) => {
  if ('stop' in message) {
    await plane?.close();
    process.exit();
  }
  const { databaseUrl, masterKey, line, managementUrl, reportIntervalMs, projects } = message.start;
  const { host, port, ca, username, password } = line;
  const broker = createRabbitmqBroker({
    management: { url: managementUrl, username, password },
    host,
    port,
    ...(ca !== undefined && { ca }),
  });
  plane = await startPlane({
    databaseUrl,
    masterKey: Buffer.from(masterKey, 'hex'),
    openBroker: async () => ({ broker, line }),
    reportIntervalMs,
    onGuest: (userData) => tell({ guest: userData }),
    // Guests that are told to stop reporting are called silent, each with a line.
    log: createLog('error'),
  });
  const accounts = [];
  for (let i = 0; i < projects; i += 1) accounts.push(await plane.account(`scale-${i}`));
  tell({ ready: { url: plane.url, accounts } });
});
