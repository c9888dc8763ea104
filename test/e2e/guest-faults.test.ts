import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Instance } from '@coffer/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { inStoreOf } from '../support/cloud-store.ts';
import { type Guest, guestOf } from '../support/guest.ts';
import { isRoot } from '../support/root.ts';
import { addressOf, createInstance, showInstance, startStack, untilStatus } from '../support/stack.ts';
import { createWitness, type Witness } from '../support/witness.ts';

const DATABASE = 'coffer-database';
const VOLUME = '/var/lib/coffer/data';

interface Subject {
  id: string;
  guest: Guest;
  witness: Witness;
}

/** What is killed, frozen, filled or thrown away comes back by itself, with every row that was acknowledged before. */
// Without root there is no look into a guest's own engine, and its volume has no bounds.
describe.skipIf(!isRoot)('a guest', () => {
  let cloud: LocalCloud;
  let client: Client;
  const subjects: Subject[] = [];
  const subject = (index: number): Subject => {
    const found = subjects[index];
    if (!found) throw new Error(`there is no subject ${index}`);
    return found;
  };

  async function make(): Promise<Subject> {
    const password = randomBytes(12).toString('base64url');
    const { id } = await createInstance(client, {
      databases: [{ name: 'd' }],
      users: [{ name: 'u', password, databases: [{ name: 'd' }] }],
    });
    const host = addressOf(await untilStatus(client, id, 'ACTIVE'));
    const witness = await createWitness({ host, user: 'u', password, database: 'd' });
    return { id, guest: await guestOf(id), witness };
  }

  const words = async (id: string): Promise<string> => {
    const { status, operating_status } = (await showInstance(client, id)) ?? ({} as Partial<Instance>);
    return `${status}/${operating_status}`;
  };
  const untilWords = (id: string, wanted: RegExp, timeout: number): Promise<void> =>
    vi.waitFor(async () => expect(await words(id)).toMatch(wanted), { timeout, interval: 100 });
  const untilHealthy = (id: string) => untilWords(id, /^ACTIVE\/HEALTHY$/, 20_000);

  /** The sentence that came with the guest's last word. */
  const detailOf = (id: string): Promise<string> =>
    inStoreOf(cloud, async (store) => {
      const { rows } = await store.query('SELECT service_detail AS detail FROM instances WHERE id = $1', [id]);
      return String(rows[0]?.detail);
    });

  beforeAll(async () => {
    cloud = await startStack();
    client = await cloud.client();
    subjects.push(...(await Promise.all([make(), make(), make()])));
  }, 180_000);
  afterAll(() => cloud?.clear(), 120_000);

  describe('while the control plane is away', () => {
    beforeAll(() => cloud.stop(), 30_000);

    it.concurrent('has a killed database, and then one whose container was removed, serve again', async () => {
      const { guest, witness } = subject(0);
      await guest.shell('kill -KILL $(pgrep -x mysqld)');
      await witness.serves(30_000);
      const before = await guest.nested(DATABASE);
      await (await guest.engine()).containers.remove(DATABASE);
      await witness.serves(30_000);
      expect((await guest.nested(DATABASE))?.Id).not.toBe(before?.Id);
    }, 60_000);

    it.concurrent('starts its container engine again, and the database with it', async () => {
      const { guest, witness } = subject(1);
      const before = await guest.shell('pgrep -x dockerd');
      await guest.shell('kill -KILL $(pgrep -x dockerd)');
      await vi.waitFor(async () => expect(await guest.shell('pgrep -x dockerd')).not.toBe(before), 30_000);
      await vi.waitFor(async () => expect((await guest.nested(DATABASE))?.State.Running).toBe(true), 30_000);
      await witness.serves(30_000);
      expect(await guest.shell('pgrep -cx mysqld')).toBe('1');

      // What ends while containerd is away is news to nobody.
      const containerd = await guest.shell('pgrep -x containerd');
      await guest.shell(`kill -KILL ${containerd}; kill -KILL $(pgrep -x mysqld)`);
      await vi.waitFor(async () => expect(await guest.shell('pgrep -x containerd')).not.toBe(containerd), 30_000);
      await witness.serves(30_000);
      expect(await guest.shell('pgrep -cx mysqld')).toBe('1');
    }, 120_000);

    it.concurrent('comes back from a reboot', async () => {
      const { guest, witness } = subject(2);
      await guest.docker('restart');
      await witness.serves(40_000);
    }, 90_000);
  });

  describe('under its control plane', () => {
    beforeAll(async () => {
      await cloud.start();
      client = await cloud.client();
      await Promise.all(subjects.map(({ id }) => untilHealthy(id)));
    }, 60_000);

    it.concurrent('has a database that ran out of memory, or of space, serve again', async () => {
      const { id, guest, witness } = subject(0);
      const greedy = await witness.connect();
      greedy.on('error', () => {});
      await expect(
        (async () => {
          for (let i = 0; i < 64; i += 1) await greedy.query(`SET @m${i} = REPEAT('x', @@max_allowed_packet)`);
        })(),
      ).rejects.toThrow();
      await witness.serves(30_000);
      expect(await guest.log()).toContain('The database ended by itself: it ran out of memory.');
      await untilHealthy(id);

      await guest.shell(
        `free=$(($(df --output=avail -B1 ${VOLUME} | tail -1) - 8388608)); fallocate -l $free ${VOLUME}/filler; dd if=/dev/zero of=${VOLUME}/rest bs=64K 2>/dev/null; true`,
      );
      await untilWords(id, /^ACTIVE\/BLOCKED$/, 10_000);
      expect(await detailOf(id)).toMatch(/volume of \d+ MiB is full.*larger, or delete data/);
      // Waits, or is refused; whichever it is, the rows before it are there afterwards.
      const late = witness.write(1_000_000).catch(() => undefined);
      await sleep(1_000);
      await guest.shell(`rm ${VOLUME}/filler ${VOLUME}/rest`);
      await untilHealthy(id);
      await late;
      await witness.serves(10_000);
    }, 150_000);

    it.concurrent('ends a database that is stuck, and starts it again', async () => {
      const { id, guest, witness } = subject(1);
      const stuck = await guest.shell('pgrep -x mysqld');
      await guest.shell(`kill -STOP ${stuck}`);
      await untilWords(id, /^ACTIVE\/ACTIVE$/, 20_000);
      await witness.serves(70_000);
      expect(await guest.shell('pgrep -x mysqld')).not.toBe(stuck);
      await untilHealthy(id);
    }, 150_000);

    it.concurrent('is started when it was killed, and shown as silent while it is frozen', async () => {
      const { id, guest, witness } = subject(2);
      await guest.docker('kill');
      await witness.serves(40_000);
      await untilHealthy(id);

      await guest.docker('pause');
      // Silent by its reports, or unknown by its server: whichever is noticed first.
      await untilWords(id, /^(ACTIVE\/ERROR|UNKNOWN\/)$/, 20_000);
      // Longer than broker and guest wait for each other.
      await sleep(30_000);
      await guest.docker('unpause');
      await witness.serves(10_000);
      await untilHealthy(id);
    }, 150_000);
  });
});
