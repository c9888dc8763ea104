import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalCloud } from '../../scripts/local-cloud.ts';
import { isRoot } from '../support/root.ts';
import { type SecondEngine, startSecondEngine } from '../support/second-engine.ts';
import { addressOf, createInstance, deleteInstance, startStack, untilStatus } from '../support/stack.ts';
import { createWitness } from '../support/witness.ts';

const guestImage = (): string => {
  const image = process.env.COFFER_GUEST_IMAGE;
  if (image === undefined) throw new Error('COFFER_GUEST_IMAGE is not set; run `npm test`, which makes the image');
  return image;
};

/** The machine's own engine serves all other tests, so this one is beside it. */
describe.skipIf(!isRoot)("the host's container engine", () => {
  let second: SecondEngine;
  let cloud: LocalCloud;

  beforeAll(async () => {
    second = await startSecondEngine();
    await second.take(guestImage());
    cloud = await startStack({ engine: second.endpoint });
  }, 180_000);
  afterAll(async () => {
    await cloud?.clear();
    await second?.[Symbol.asyncDispose]();
  }, 120_000);

  const part = async (): Promise<string> => {
    const answer = await fetch(`${cloud.url}/healthz`);
    return `${answer.status} ${await answer.text()}`;
  };

  it('may be killed and started again: databases serve again, and what was asked for meanwhile is done', async () => {
    const client = await cloud.client();
    const password = randomBytes(12).toString('base64url');
    const login = { user: 'u', password, database: 'd' };
    const { id } = await createInstance(client, {
      databases: [{ name: 'd' }],
      users: [{ name: 'u', password, databases: [{ name: 'd' }] }],
    });
    const witness = await createWitness({ host: addressOf(await untilStatus(client, id, 'ACTIVE')), ...login });
    expect(await part()).toMatch(/^200/);

    await second.kill();
    await vi.waitFor(async () => expect(await part()).toMatch(/^503.*cloud does not answer/), {
      timeout: 20_000,
      interval: 200,
    });
    // Nothing that runs needs the engine.
    await witness.serves(5_000);
    const meanwhile = await createInstance(client, { name: 'meanwhile' });

    await second.start();
    await vi.waitFor(async () => expect(await part()).toMatch(/^200/), { timeout: 20_000, interval: 200 });
    await witness.serves(60_000);
    await untilStatus(client, meanwhile.id, 'ACTIVE', 90_000);
    const showsFaults = (await Promise.all([id, meanwhile.id].map((one) => untilStatus(client, one, 'ACTIVE')))).map(
      (instance) => instance.fault,
    );
    expect(showsFaults).toEqual([undefined, undefined]);
    for (const one of [id, meanwhile.id]) await deleteInstance(client, one);
    expect(await second.engine.containers.list({})).toEqual([]);
  }, 300_000);
});
