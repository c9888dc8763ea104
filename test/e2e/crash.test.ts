import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from '@coffer/core';
import { createEngine } from '@coffer/core/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { orderKill, succeed } from '../support/crash/kill-order.ts';
import { guestOf } from '../support/guest.ts';
import { isRoot } from '../support/root.ts';
import { addressOf, createInstance, showInstance, startStack, untilStatus } from '../support/stack.ts';
import { traces } from '../support/traces.ts';
import { createWitness, type Witness } from '../support/witness.ts';

const PROGRAM = join(import.meta.dirname, '../support/crash/serve-until-killed.ts');
const LONG = 120_000;
vi.setConfig({ testTimeout: LONG });

/** The places of test/crash that touch the engine, on the engine: one instance whose every job is cut off again and again. */
// Without root there is no look into a guest's own engine.
describe.skipIf(!isRoot)('a server that is killed, on real containers', () => {
  const engine = createEngine();
  const password = randomBytes(12).toString('base64url');
  let cloud: LocalCloud;
  let client: Client;
  let id: string;
  let witness: Witness;
  let cuts = 0;

  beforeAll(async () => {
    cloud = await startStack({ program: PROGRAM });
    client = await cloud.client();
  }, LONG);
  afterAll(async () => {
    await cloud?.clear();
    console.log(`crash matrix: on real containers the server killed at ${cuts} places, an agent in its prepare`);
  }, LONG);

  /** Cuts the job that `begin` starts off at each place in turn. */
  async function cutOff(begin: () => Promise<void>, places: readonly string[]): Promise<void> {
    const [first = '', ...more] = places;
    cuts += places.length;
    await orderKill(cloud, first);
    await begin();
    for (const place of more) {
      await succeed(cloud, () => orderKill(cloud, place));
    }
    await succeed(cloud);
  }

  /** While the guest prepares: its database runs then, and is not in service yet. */
  async function killAgentInPrepare(): Promise<void> {
    const waiting = { timeout: LONG, interval: 50 };
    const guest = await vi.waitFor(() => guestOf(id), waiting);
    await vi.waitFor(async () => expect((await guest.nested('coffer-database'))?.State.Running).toBe(true), waiting);
    await guest.shell('kill -KILL $(pgrep -f "^node .*agent[.]mjs")');
  }

  const path = () => ({ params: { path: { instance_id: id } } });
  const guests = () => engine.containers.list({ label: [`coffer.key=${id}`] });

  it('makes an instance once', async () => {
    const begin = async () => {
      const created = await createInstance(client, {
        databases: [{ name: 'd' }],
        users: [{ name: 'u', password, databases: [{ name: 'd' }] }],
      });
      id = created.id;
    };
    const cut = cutOff(begin, [
      'create_instance: after create volume',
      'create_instance: before create server',
      'create_instance: after create server',
      'create_instance: before prepare',
      'create_instance: after prepare',
    ]);
    await Promise.all([cut, killAgentInPrepare()]);
    const instance = await untilStatus(client, id, 'ACTIVE');
    witness = await createWitness({ host: addressOf(instance), user: 'u', password, database: 'd' });
    await witness.write();
    expect(await guests()).toHaveLength(1);
    expect((await traces(cloud, id)).filter((trace) => trace.startsWith('ledger')).sort()).toEqual(
      ['account', 'port', 'server', 'volume'].map((kind) => `ledger: ${kind}`),
    );
  });

  it('restarts it once', async () => {
    const guest = await guestOf(id);
    const { StartedAt } = (await guest.nested('coffer-database'))?.State ?? {};
    const begin = async () => {
      const { response } = await client.POST('/v1.0/{project_id}/instances/{instance_id}/action', {
        ...path(),
        body: { restart: {} },
      });
      expect(response.status).toBe(202);
    };
    await cutOff(begin, ['restart_instance: after restart database']);
    const life = (await guest.nested('coffer-database'))?.State.StartedAt;
    expect(life).not.toBe(StartedAt);
    await untilStatus(client, id, 'ACTIVE');
    await witness.serves(30_000);
    expect((await guest.nested('coffer-database'))?.State.StartedAt).toBe(life);
  });

  it('deletes it without a trace', async () => {
    const begin = async () => {
      const { response } = await client.DELETE('/v1.0/{project_id}/instances/{instance_id}', path());
      expect(response.status).toBe(202);
    };
    await cutOff(begin, [
      'delete_instance: before delete server',
      'delete_instance: after delete server',
      'delete_instance: after delete volume',
    ]);
    await vi.waitFor(async () => expect(await showInstance(client, id)).toBeUndefined(), LONG);
    expect(await guests()).toEqual([]);
    expect(await traces(cloud, id)).toEqual([]);
  });
});
