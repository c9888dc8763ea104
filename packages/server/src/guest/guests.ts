import { randomBytes } from 'node:crypto';
import { type Broker, type Logger, type SecretBox, silentLogger } from '@coffer/core';
import { createServerTransport } from '@coffer/core/amqp';
import { createGuestLink, type GuestLink } from '@coffer/core/rpc';
import type { Store } from '../store/store.ts';
import { createGuestDirectory } from './directory.ts';
import { createDriverChunks } from './driver-chunks.ts';

/** How this process reaches the broker, under the control plane's own account. */
export interface BrokerLine {
  host: string;
  port: number;
  username: string;
  password: string;
  /** PEM of the authority that signed the broker's certificate; absent where the line is plain (loopback only). */
  ca?: string;
}

export interface GuestsOptions {
  store: Store;
  /** The same for every copy over one store: it opens the guests' keys. */
  secrets: SecretBox;
  /** Makes this copy's queues. */
  broker: Pick<Broker, 'prepareCopy'>;
  line: BrokerLine;
  log?: Logger;
}

/** The links to all guests: calls down, their reports into the store, their questions answered. */
export interface Guests extends GuestLink {
  /** Resolves once the broker is reached, however long it is away; until then calls end as `unavailable`. */
  start(): Promise<void>;
  /** @throws Problem `unavailable` within seconds when the broker does not carry messages to this copy. */
  ping(): Promise<void>;
}

/** One copy of the control plane at its broker, with a name and a session of its own. No I/O until `start`. */
export function createGuests({ store, secrets, broker, line, log = silentLogger }: GuestsOptions): Guests {
  const transport = createServerTransport({
    ...line,
    copy: randomBytes(16).toString('hex'),
    prepareCopy: (copy) => broker.prepareCopy(copy),
    log,
  });
  const link = createGuestLink({
    transport,
    directory: createGuestDirectory({ store, secrets }),
    handlers: { driver_chunk: createDriverChunks(store) },
    log,
  });
  return { ...link, ping: () => transport.ping() };
}
