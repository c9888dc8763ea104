import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/local-cloud.ts';
import { isRoot } from '../support/root.ts';
import { type Account, unprivilegedAccount } from '../support/unprivileged.ts';

// An account can be made by root alone; who runs the tests without root is such an account himself.
describe.skipIf(!isRoot)('an account without root that may use the engine', () => {
  let account: Account;
  beforeAll(async () => {
    account = await unprivilegedAccount();
  }, 60_000);
  afterAll(() => account?.dispose(), 60_000);

  it('has a whole cloud by `npm start`, is told once what it lacks, and leaves nothing', async () => {
    const { code, output } = await account.node(['scripts/start.mjs', '--once'], {
      COFFER_LISTEN: `127.0.0.1:${await freePort()}`,
      COFFER_BROKER_PORT: String(await freePort()),
    });
    expect([output, code]).toEqual([expect.stringContaining('everything taken away again'), 0]);
    expect(output).toContain('[{"title":"Sketch of the Analytical Engine"}]');
    expect(output.match(/without root/gi)).toHaveLength(1);
    expect(output).toContain('Without root: volumes are plain folders');
  }, 240_000);
});
