import { createHash, randomBytes } from 'node:crypto';
import type { Broker } from '@coffer/core';
import { EXCHANGE, names } from '@coffer/core/amqp';
import { createManagement, type ManagementOptions } from './management-http.ts';

export interface RabbitmqBrokerOptions {
  management: ManagementOptions;
  /** Host and port of AMQP as guests reach them, and the authority that they are to trust; without it the line is plain. */
  host: string;
  port: number;
  ca?: string;
  /** Virtual host. Default `/`. */
  vhost?: string;
  /** `quorum` for a cluster, where a queue outlives its node. Default `classic`: durable, on one node. */
  queueType?: 'classic' | 'quorum';
}

/** A copy that has been away for so long is not coming back for its replies. */
const REPLY_QUEUE_EXPIRES_MS = 10 * 60_000;
/** A queue that nobody empties takes no more commands than this; of events the oldest go, as the next ones replace them. */
const MAX_COMMANDS = 10_000;
const MAX_EVENTS = 100_000;
const USER_PREFIX = 'guest-';

const userOf = (instanceId: string): string => `${USER_PREFIX}${instanceId}`;

/** In RabbitMQ's rights every name is a pattern. */
const exactly = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What RabbitMQ keeps of a password: base64 of salt and sha256. So the password itself travels to the guest alone. */
function hashed(password: string): string {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password, 'utf8').digest()]).toString('base64');
}

/** The `name` of each entry of a list. */
const namesIn = (body: unknown): string[] =>
  Array.isArray(body)
    ? body.flatMap((entry: unknown) =>
        typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string'
          ? [entry.name]
          : [],
      )
    : [];

/**
 * RabbitMQ as the broker, 4 or 3.10 with its AMQP 1.0 plug-in, told by its management API. A guest's account may read its own
 * queue and write to the topic exchange under keys that begin with its id. It has no right on the default exchange, which would
 * be every queue; hence replies go by key.
 */
export function createRabbitmqBroker(options: RabbitmqBrokerOptions): Broker {
  const manage = createManagement(options.management);
  const vhost = encodeURIComponent(options.vhost ?? '/');
  const queuePath = (name: string): string => `/api/queues/${vhost}/${encodeURIComponent(name)}`;
  const queueType =
    options.queueType === 'quorum'
      ? // Without a limit on deliveries: one that is given back while the store is away must not be thrown away.
        { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 }
      : { 'x-queue-type': 'classic' };

  const declare = (name: string, args: Record<string, unknown>) =>
    manage('PUT', queuePath(name), { durable: true, auto_delete: false, arguments: { ...queueType, ...args } });
  const bind = (queue: string, key: string) =>
    manage('POST', `/api/bindings/${vhost}/e/${EXCHANGE}/q/${encodeURIComponent(queue)}`, { routing_key: key });

  return {
    async prepareCopy(copy) {
      await declare(names.replyQueue(copy), { 'x-expires': REPLY_QUEUE_EXPIRES_MS });
      await bind(names.replyQueue(copy), names.replyBinding(copy));
      await declare(names.eventQueue, { 'x-max-length': MAX_EVENTS });
      await bind(names.eventQueue, names.eventBinding);
    },

    async grant(instanceId, password) {
      const user = userOf(instanceId);
      // The account comes first: `list` finds it, so whatever else was made is found again after a crash in between.
      await manage('PUT', `/api/users/${user}`, {
        password_hash: hashed(password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: '',
      });
      await declare(names.commandQueue(instanceId), { 'x-max-length': MAX_COMMANDS, 'x-overflow': 'reject-publish' });
      await manage('PUT', `/api/topic-permissions/${vhost}/${user}`, {
        exchange: EXCHANGE,
        write: `^${exactly(instanceId)}\\..*$`,
        read: '^$',
      });
      await manage('PUT', `/api/permissions/${vhost}/${user}`, {
        configure: '^$',
        write: `^${exactly(EXCHANGE)}$`,
        read: `^${exactly(names.commandQueue(instanceId))}$`,
      });
      const { host, port, ca } = options;
      return { host, port, username: user, password, ...(ca === undefined ? {} : { ca }) };
    },

    async revoke(instanceId) {
      const user = userOf(instanceId);
      await manage('DELETE', `/api/users/${user}`);
      // Once the account is gone nobody can come back; those who are in are sent away.
      await manage('DELETE', `/api/connections/username/${user}`);
      await manage('DELETE', queuePath(names.commandQueue(instanceId)));
    },

    async has(instanceId) {
      const isThere = async (path: string) => (await manage('GET', path)).status !== 404;
      return (
        (await isThere(`/api/users/${encodeURIComponent(userOf(instanceId))}`)) ||
        (await isThere(`${queuePath(names.commandQueue(instanceId))}?disable_stats=true`))
      );
    },

    async list() {
      const users = await manage('GET', '/api/users?columns=name');
      const queues = await manage('GET', `/api/queues/${vhost}?columns=name&disable_stats=true`);
      const [prefix, suffix] = names.commandQueue('\0').split('\0');
      const ids = [
        ...namesIn(users.body).flatMap((name) =>
          name.startsWith(USER_PREFIX) ? [name.slice(USER_PREFIX.length)] : [],
        ),
        ...namesIn(queues.body).flatMap((name) =>
          name.startsWith(prefix ?? '') && name.endsWith(suffix ?? '')
            ? [name.slice((prefix ?? '').length, name.length - (suffix ?? '').length)]
            : [],
        ),
      ];
      return [...new Set(ids)];
    },

    async ping() {
      // Its HTTP answers before its other parts do; 503 until they all serve.
      const { status } = await manage('GET', '/api/health/checks/ready-to-serve-clients');
      // RabbitMQ 3 has only parts of that check.
      if (status === 404) await manage('GET', '/api/health/checks/virtual-hosts');
    },
  };
}
