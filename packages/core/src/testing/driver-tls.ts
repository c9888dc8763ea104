import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { TlsMaterial } from '../driver/tls.ts';
import type { Check } from './driver-check.ts';
import { operation } from './driver-context.ts';
import { problemOf } from './driver-expect.ts';
import { capabilityGroup, type Live, lacking } from './driver-live.ts';
import { home } from './driver-users.ts';
import type { World } from './driver-world.ts';

const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

/** TLS between clients and the database: on from the start, changed while it runs, never lost. */
export function tlsChecks(live: Live): Check[] {
  const group = (world: World) => world.group('tls');
  const why = lacking(live, 'users');

  function materialOf(world: World): TlsMaterial {
    if (world.material) return world.material;
    throw new Error('the database was started without TLS');
  }

  async function put(world: World, material: TlsMaterial): Promise<void> {
    world.material = material;
    await world.lay();
    await group(world).apply(material, operation());
  }

  /** A new certificate of the authority that clients trust already. */
  async function renewed(world: World): Promise<TlsMaterial> {
    const issued = await world.authority?.issue();
    return { ...materialOf(world), ...issued };
  }

  /** A tenant's ways in. */
  async function tenant(world: World) {
    const { database, databases } = await home(world);
    const password = world.secret();
    await world.group('users').create({ name: 'anna', password, databases }, operation());
    const by = (ca: string) => ({ database, tls: { ca } });
    return {
      login: (ca: string) => world.login('anna', password, by(ca)),
      opens: async (ca: string) => !(await world.isShutOut('anna', password, by(ca))),
      opensPlainly: async () => !(await world.isShutOut('anna', password, { database })),
    };
  }

  return capabilityGroup(live, 'tls', (given) => {
    const add: typeof given = (name, work, timeoutMs) =>
      given(
        name,
        typeof work === 'string'
          ? work
          : async (world) => {
              const before = materialOf(world);
              try {
                await work(world);
              } finally {
                if (world.material !== before) await put(world, before);
              }
            },
        timeoutMs,
      );

    add('its files are pure, and lie where they lay', async (world) => {
      const material = materialOf(world);
      const files = group(world).files(material);
      assert.deepEqual(group(world).files(material), files);
      const other = group(world).files({ ...(await renewed(world)), isRequired: true });
      assert.deepEqual(
        other.map(({ path }) => path),
        files.map(({ path }) => path),
      );
    });

    add('nobody else can read the key', async (world) => {
      const material = materialOf(world);
      const holders = group(world)
        .files(material)
        .filter(({ content }) => content.includes(material.key.trim()));
      assert(holders.length > 0, 'the key is in no file');
      for (const { path, mode } of holders) assert.equal((mode ?? 0o444) & 0o077, 0, `${path} may be read by others`);
    });

    add('it is on from the start, with the certificate that was laid', async (world) => {
      const { certificate } = materialOf(world);
      assert.deepEqual(await group(world).status(operation()), {
        fingerprint: fingerprintOf(certificate),
        isRequired: false,
      });
    });

    add(
      'who trusts the authority comes in, who trusts another does not',
      why ??
        (async (world) => {
          const { opens } = await tenant(world);
          assert(await opens(materialOf(world).ca), 'nobody came in by TLS');
          const other = await live.test.harness.authority();
          assert(!(await opens(other.ca)), 'a client took a certificate of an authority that it does not trust');
        }),
    );

    add(
      'without TLS one comes in, unless it is required',
      why ??
        (async (world) => {
          const { opens, opensPlainly } = await tenant(world);
          const material = materialOf(world);
          assert(await opensPlainly(), 'refused although TLS is not required');
          await put(world, { ...material, isRequired: true });
          assert.equal((await group(world).status(operation())).isRequired, true);
          assert(!(await opensPlainly()), 'let in without TLS');
          assert(await opens(material.ca), 'shut out with TLS');
          assert.deepEqual(await world.driver.probe(operation()), { state: 'healthy' });
          await put(world, material);
          assert.equal((await group(world).status(operation())).isRequired, false);
          assert(await opensPlainly(), 'refused although TLS is not required any more');
        }),
    );

    add('the service comes in while TLS is required, with a new session', async (world) => {
      await put(world, { ...materialOf(world), isRequired: true });
      const other = world.another();
      try {
        assert.deepEqual(await other.probe(operation()), { state: 'healthy' });
        assert.equal((await other.tls?.status(operation()))?.isRequired, true);
      } finally {
        await other.close();
      }
    });

    add('a new certificate is shown to new connections, twice applied', async (world) => {
      const next = await renewed(world);
      for (let time = 0; time < 2; time += 1) {
        await put(world, next);
        assert.equal((await group(world).status(operation())).fingerprint, fingerprintOf(next.certificate));
      }
    });

    add(
      'a new certificate ends no session, and is what clients meet',
      why ??
        (async (world) => {
          const { login, opens } = await tenant(world);
          const old = materialOf(world).ca;
          const session = await login(old);
          const other = await live.test.harness.authority();
          await put(world, { ca: other.ca, ...(await other.issue()), isRequired: false });
          assert(!(await world.isDead(session)), 'a session was ended');
          await session.end();
          assert(await opens(other.ca), 'shut out with the new authority');
          assert(!(await opens(old)), 'the old certificate is still shown');
        }),
    );

    add(
      'material that is broken is refused, and what there was goes on',
      why ??
        (async (world) => {
          const { opens } = await tenant(world);
          const good = materialOf(world);
          const { key } = await renewed(world);
          const garbage = good.certificate.replace(/\n[A-Za-z0-9+/]{10}/, '\nAAAAAAAAAA');
          for (const bad of [{ certificate: garbage }, { key }, { key: 'no key' }]) {
            try {
              const problem = await problemOf(put(world, { ...good, ...bad }), 'apply of broken material');
              assert.equal(problem.code, 'guest_failed');
              assert.equal((await group(world).status(operation())).fingerprint, fingerprintOf(good.certificate));
              assert(await opens(good.ca), 'nobody comes in any more');
            } finally {
              await put(world, good);
            }
          }
        }),
    );

    add('the status is that of the running database, not of the files', async (world) => {
      const before = await group(world).status(operation());
      const good = materialOf(world);
      world.material = await renewed(world);
      await world.lay();
      try {
        assert.deepEqual(await group(world).status(operation()), before);
      } finally {
        world.material = good;
        await world.lay();
      }
    });
  });
}
