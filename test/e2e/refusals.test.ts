import { mkdtemp, readdir } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startLocalCloud } from '../../scripts/local-cloud.ts';

let holder: Server | undefined;
afterEach(() => holder?.close());

it('says in a sentence which port is taken and what to give instead, and leaves nothing of its failed start', async () => {
  holder = createServer();
  await new Promise<void>((resolve) => holder?.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const home = await mkdtemp(join(tmpdir(), 'coffer-refused-'));
  const starting = startLocalCloud({
    dataDir: join(home, 'cloud'),
    port,
    brokerPort: 0,
    managementPool: '10.224.0.0/16',
    tenantPool: '10.225.0.0/16',
  });
  await expect(starting).rejects.toThrow(
    `The API cannot listen on 127.0.0.1:${port}: another program has it; give another with --listen or COFFER_LISTEN`,
  );
  expect(await readdir(home)).toEqual([]);
});
