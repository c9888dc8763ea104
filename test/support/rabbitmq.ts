import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '@coffer/core';
import { createEngine } from '@coffer/core/engine';
import { ensureCertificates } from '../../packages/server/src/brokers/authority.ts';
import { createRabbitmqBroker } from '../../packages/server/src/brokers/rabbitmq.ts';

export type RabbitmqVersion = '4' | '3.10';

const START_MS = 150_000;

const CONFIG = `
listeners.tcp.default = 5672
listeners.ssl.default = 5671
ssl_options.cacertfile = /etc/rabbitmq/ca.pem
ssl_options.certfile   = /etc/rabbitmq/cert.pem
ssl_options.keyfile    = /etc/rabbitmq/key.pem
ssl_options.verify     = verify_none
load_definitions = /etc/rabbitmq/definitions.json
log.console.level = warning
max_message_size = 4194304
# Test machines are small and share their disk.
disk_free_limit.absolute = 50MB
`;

export interface RabbitmqUnderTest {
  broker: Broker;
  /** The control plane's own account. */
  service: { host: string; port: number; username: string; password: string; ca: string };
  /** Kills the broker as a machine that fails does, starts it again, and resolves when it serves. */
  restart(): Promise<void>;
  /** The two halves of it. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Takes container and network away. */
  dispose(): Promise<void>;
}

/** Version 3 speaks AMQP 1.0 by a plug-in; 4 does by itself. */
const PLUGINS = { '4': ['rabbitmq_management'], '3.10': ['rabbitmq_management', 'rabbitmq_amqp1_0'] };

/** A RabbitMQ of our own in a container on a network of its own, with TLS and one service account. */
export async function rabbitmqForTests(version: RabbitmqVersion = '4'): Promise<RabbitmqUnderTest> {
  const engine = createEngine();
  const image = `coffer/rabbitmq:${version}`;
  if (!(await engine.images.inspect(image)))
    throw new Error(`There is no image ${image}; \`node scripts/images.mjs ${image}\` builds it`);
  const name = `coffer-test-rabbitmq-${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const labels = { 'coffer.test': name };
  const dispose = async () => {
    await engine.containers.remove(name);
    await engine.networks.remove(name);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await engine.networks.create({ Name: name, Labels: labels });
    const gateway = (await engine.networks.inspect(name))?.IPAM.Config?.[0]?.Gateway ?? '';
    // The first and only container of a network gets the address behind the gateway's, also when it comes back.
    const host = gateway.replace(/\d+$/, (last) => String(Number(last) + 1));
    const { ca, cert, key } = await ensureCertificates(join(folder, 'authority'), [host, '127.0.0.1']);
    const service = { host, port: 5671, username: 'coffer', password: randomBytes(32).toString('base64url'), ca };
    const files = {
      'rabbitmq.conf': CONFIG,
      enabled_plugins: `[${PLUGINS[version].join(',')}].\n`,
      'definitions.json': definitions(service),
      'ca.pem': ca,
      'cert.pem': cert,
      'key.pem': key,
    };
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content, { mode: 0o600 });
    await engine.containers.create(name, {
      Image: image,
      Hostname: 'rabbitmq',
      Labels: labels,
      HostConfig: { NetworkMode: name, Binds: [`${folder}:/run/broker:ro`] },
    });
    const broker = createRabbitmqBroker({
      management: { url: `http://${host}:15672`, username: service.username, password: service.password },
      host,
      port: service.port,
      ca,
    });
    const start = async () => {
      await engine.containers.start(name);
      const deadline = Date.now() + START_MS;
      for (;;) {
        const error = await broker.ping().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) return;
        const { Running } = (await engine.containers.inspect(name))?.State ?? {};
        if (!Running || Date.now() > deadline)
          throw new Error(
            `RabbitMQ did not start: ${String(error)}\n${await engine.containers.logText(name, { tail: 30 })}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    };
    const kill = async () => {
      await engine.containers.kill(name, 'SIGKILL');
      await engine.containers.wait(name);
    };
    await start();
    return {
      broker,
      service,
      async restart() {
        await kill();
        await start();
      },
      kill,
      start,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Users and rights from the first moment on; so no password is in an environment or an argument. */
function definitions({ username, password }: { username: string; password: string }): string {
  const salt = randomBytes(4);
  const hash = Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
  return JSON.stringify({
    users: [
      {
        name: username,
        password_hash: hash,
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: ['administrator'],
      },
    ],
    vhosts: [{ name: '/' }],
    permissions: [{ user: username, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  });
}
