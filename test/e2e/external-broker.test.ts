import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRabbitmq } from '../../packages/server/src/brokers/open-broker.ts';
import { readBrokerOptions } from '../../packages/server/src/brokers/options.ts';
import { startFaultWorld } from '../support/fault-world.ts';
import { testDatabase } from '../support/postgres.ts';
import { type RabbitmqUnderTest, rabbitmqForTests } from '../support/rabbitmq.ts';
import { startStack } from '../support/stack.ts';

const SOON = { timeout: 20_000, interval: 100 };

describe('a RabbitMQ of the operator’s', () => {
  let rabbitmq: RabbitmqUnderTest;
  let folder: string;
  let flags: { broker: string; brokerManagement: string; brokerPasswordFile: string; brokerCa: string };

  beforeAll(async () => {
    rabbitmq = await rabbitmqForTests();
    folder = await mkdtemp(join(tmpdir(), 'coffer-broker-'));
    const { host, port, username, password, ca } = rabbitmq.service;
    flags = {
      broker: `amqps://${username}@${host}:${port}`,
      brokerManagement: `http://${host}:15672`,
      brokerPasswordFile: join(folder, 'password'),
      brokerCa: join(folder, 'ca.pem'),
    };
    await writeFile(flags.brokerPasswordFile, `${password}\n`, { mode: 0o600 });
    await writeFile(flags.brokerCa, ca);
  });

  afterAll(async () => {
    await rabbitmq?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('is what `coffer serve` uses that is told of it, and waits for', async () => {
    const stack = await startStack({
      more: [
        ...['--broker', flags.broker, '--broker-management', flags.brokerManagement, '--allow-insecure'],
        ...['--broker-password-file', flags.brokerPasswordFile, '--broker-ca', flags.brokerCa],
      ],
    });
    try {
      const health = async () => (await fetch(`${stack.url}/healthz`)).json();
      const ok = { status: 'ok' };
      await vi.waitFor(
        async () => expect(await health()).toEqual({ status: 'ok', store: ok, broker: ok, cloud: ok }),
        SOON,
      );
      await rabbitmq.kill();
      await vi.waitFor(
        async () =>
          expect(await health()).toEqual({
            status: 'failed',
            store: ok,
            broker: { status: 'failed', detail: 'The broker does not answer.' },
            cloud: ok,
          }),
        SOON,
      );
      // One that is started meanwhile serves what needs no broker.
      await stack.stop();
      await stack.start();
      expect(await health()).toMatchObject({ status: 'failed', store: ok, cloud: ok });
      await rabbitmq.start();
      await vi.waitFor(async () => expect(await health()).toMatchObject({ status: 'ok' }), SOON);
      expect(stack.log()).not.toContain(rabbitmq.service.password);
    } finally {
      await stack.clear();
    }
  }, 120_000);

  it('carries instances, also when it is killed in the middle of making one', async () => {
    const database = await testDatabase();
    const options = readBrokerOptions({ ...flags, brokerQueues: 'classic', allowInsecure: true });
    if (!options) throw new Error('no broker');
    const { broker, line } = openRabbitmq(options);
    await using world = await startFaultWorld({
      databaseUrl: database.url,
      broker: async () => ({ broker, service: line }),
      // RabbitMQ refuses to speak more often.
      idleTimeoutMs: 2_000,
    });
    const id = await world.create();
    await world.shows(id, { status: 'ACTIVE', operating_status: 'HEALTHY' });
    const made = await world.create('made meanwhile');
    await world.until(async () => expect(await world.store.ledger.find('server', made)).toBeDefined());
    world.guests.database(id).health = { state: 'blocked', detail: 'under test' };
    await rabbitmq.restart();
    await world.shows(id, { status: 'ACTIVE', operating_status: 'BLOCKED' });
    await world.shows(made, { status: 'ACTIVE', operating_status: 'HEALTHY' });
    expect(world.troubles()).not.toHaveProperty('guests fell silent');
    await database.drop();
  }, 120_000);
});
