import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Broker, Logger } from '@coffer/core';
import type { DockerCloud } from '../clouds/docker/index.ts';
import type { BrokerLine } from '../guest/guests.ts';
import { portProblem } from '../port-problem.ts';
import type { Releases } from '../release.ts';
import type { Store } from '../store/store.ts';
import { ensureCertificates } from './authority.ts';
import { type RabbitmqOptions, readManagement } from './options.ts';
import { createRabbitmqBroker } from './rabbitmq.ts';
import { createRelayBroker } from './relay.ts';
import { relayAccounts } from './relay-accounts.ts';

/** A broker, and how this process itself reaches it. */
export interface OpenBroker {
  broker: Broker;
  line: BrokerLine;
}

/** The operator's RabbitMQ. Nothing is asked of it yet: one that is away is waited for by the line. */
export function openRabbitmq(options: RabbitmqOptions): OpenBroker {
  const { host, port, queueType } = options;
  const { url, ...login } = readManagement(options);
  const { username, password, ...trust } = login;
  const broker = createRabbitmqBroker({ management: { url, ...login }, host, port, queueType, ...trust });
  return { broker, line: { host, port, ...login } };
}

interface RelayParts {
  cloud: Pick<DockerCloud, 'management'>;
  store: Store;
  dataDir: string;
  /** On the management network's gateway, where guests reach this host. */
  port: number;
  log: Logger;
}

/** The embedded relay, with an authority and a service account of its own. @throws Problem `unavailable` for a port that is taken. */
export async function openRelay(parts: RelayParts, releases: Releases): Promise<OpenBroker> {
  const { store, port, log } = parts;
  const { gateway } = await parts.cloud.management();
  const tls = await ensureCertificates(join(parts.dataDir, 'broker'), [gateway]);
  const service = { username: 'coffer-control-plane', password: randomBytes(32).toString('base64url') };
  const relay = await createRelayBroker({
    host: gateway,
    port,
    tls,
    service,
    accounts: relayAccounts(store),
    log,
  }).catch(portProblem('The message relay', gateway, port, '--broker-port or COFFER_BROKER_PORT'));
  releases.add('the message relay', () => relay.close());
  return { broker: relay, line: { host: gateway, port: relay.port, ca: tls.ca, ...service } };
}
