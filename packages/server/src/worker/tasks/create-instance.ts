import { randomBytes } from 'node:crypto';
import { type BrokerAccount, Problem, type Task } from '@coffer/core';
import { deriveTokenKeys, type EnrolmentData, newToken } from '@coffer/core/rpc';
import { hashBrokerPassword } from '../../brokers/relay.ts';
import { createServiceAuthority } from '../../certificates/service-authority.ts';
import { guestSecret } from '../../guest/secret-contexts.ts';
import { type CreateInstanceInput, openUsers } from '../../services/job-inputs.ts';
import type { DatastoreVersion } from '../../store/datastores.ts';
import { defineJob, type JobContext, type JobKind } from '../job-kind.ts';
import { certificateSteps } from './certificate-steps.ts';
import { imageOf, loadInstance, manifestOf, placeOf, specOf } from './instance-spec.ts';
import { jobFault } from './job-fault.ts';
import type { InstanceTaskDeps } from './task-deps.ts';

const SERVER_TIMEOUT_MS = 10 * 60_000;
const ENROL_TIMEOUT_MS = 5 * 60_000;
const PREPARE_TIMEOUT_MS = 10 * 60_000;

/**
 * From a row to a serving database: an identity for the guest, then account, port, volume and server, then one `prepare`.
 * Whatever is made is named after the instance. When it fails, what was made stays for the operator to look at; the instance's
 * delete takes it away.
 */
export function createInstanceTask(deps: InstanceTaskDeps): JobKind {
  const { store, cloud, broker, guests, secrets } = deps;
  const certificates = { guests, authority: createServiceAuthority(deps) };

  /** The guest's account, granted once a run: RabbitMQ makes it in four requests. Its password stays sealed in between. */
  function accountOf(instanceId: string): () => Promise<BrokerAccount> {
    let place: Omit<BrokerAccount, 'password'> | undefined;
    return async () => {
      const guest = await store.guests.get(instanceId);
      if (!guest?.brokerPassword)
        throw new Problem('internal', `the guest of instance ${instanceId} has no password for the broker`);
      const opened = secrets.open(guest.brokerPassword, guestSecret.brokerPassword(instanceId));
      if (place) return { ...place, password: opened };
      const { password, ...granted } = await broker.grant(instanceId, opened);
      place = granted;
      return { ...granted, password };
    };
  }

  /** What the guest must know to enrol; its secrets are opened here, inside the step that hands them to the cloud. */
  async function userData(instanceId: string, version: DatastoreVersion, account: BrokerAccount): Promise<string> {
    const guest = await store.guests.get(instanceId);
    if (!guest?.token)
      throw new Problem('internal', `the guest of instance ${instanceId} has no identity left to enrol with`);
    const data: EnrolmentData = {
      version: 1,
      instanceId,
      token: secrets.open(guest.token, guestSecret.token(instanceId)),
      broker: account,
      // Not the version's of this moment: another may have been registered since, and the guest is refused any but its own.
      driver: { name: version.datastoreName, sha256: guest.driver ?? version.driverSha256 },
      image: imageOf(version),
      reportIntervalMs: deps.reportIntervalMs,
    };
    return JSON.stringify(data);
  }

  async function makeIdentity(instanceId: string, driver: string): Promise<void> {
    const token = newToken();
    const brokerPassword = randomBytes(32).toString('base64url');
    await store.guests.create({
      instanceId,
      tokenKid: deriveTokenKeys(token, instanceId).up.kid,
      token: secrets.seal(token, guestSecret.token(instanceId)),
      brokerPassword: secrets.seal(brokerPassword, guestSecret.brokerPassword(instanceId)),
      brokerPasswordHash: hashBrokerPassword(brokerPassword),
      driver,
    });
  }

  async function run(ctx: JobContext<CreateInstanceInput>): Promise<void> {
    const { instanceId } = ctx;
    const { instance, version } = await loadInstance(store, instanceId);
    await ctx.step('make identity', () => makeIdentity(instanceId, version.driverSha256));

    const account = accountOf(instanceId);
    await ctx.ensure('account', instanceId, {
      find: async () => ((await broker.has(instanceId)) ? { id: instanceId } : undefined),
      async create() {
        await account();
        return { id: instanceId };
      },
    });
    const nic = instance.network[0];
    const portId = await ctx.ensure('port', instanceId, {
      find: () => cloud.ports.find(instanceId),
      create: () =>
        cloud.ports.create({
          key: instanceId,
          projectId: instance.projectId,
          allowedCidrs: instance.access?.allowedCidrs ?? [],
          tcpPorts: [version.manifest.port],
          ...(nic?.networkId !== undefined && { networkId: nic.networkId }),
          ...(nic?.subnetId !== undefined && { subnetId: nic.subnetId }),
          ...(nic?.address !== undefined && { address: nic.address }),
        }),
    });
    const volumeId = await ctx.ensure('volume', instanceId, {
      find: () => cloud.volumes.find(instanceId),
      create: () =>
        cloud.volumes.create({
          key: instanceId,
          sizeGib: instance.volumeSizeGib,
          ...(ctx.input.volumeType !== undefined && { type: ctx.input.volumeType }),
        }),
    });
    await ctx.step('await volume', () =>
      ctx.waitUntil(
        async () => {
          const volume = await cloud.volumes.get(volumeId);
          if (volume?.status === 'error')
            throw new Problem(
              'cloud_refused',
              `the volume could not be made: ${volume.fault?.message ?? 'the cloud gives no reason'}`,
            );
          return volume?.status === 'available' || volume?.status === 'in-use';
        },
        { what: 'the volume to become available', timeoutMs: SERVER_TIMEOUT_MS, intervalMs: 100 },
      ),
    );
    const serverId = await ctx.ensure('server', instanceId, {
      find: () => cloud.servers.find(instanceId),
      create: async () =>
        cloud.servers.create({
          key: instanceId,
          flavorId: instance.flavorId,
          portIds: [portId],
          volumeIds: [volumeId],
          userData: await userData(instanceId, version, await account()),
          metadata: { instance: instanceId, project: instance.projectId },
        }),
    });
    await ctx.step(
      'await server',
      async () => {
        await ctx.waitUntil(
          async () => {
            const server = await cloud.servers.get(serverId);
            if (!server) throw new Problem('cloud_refused', 'the server vanished while it was being built');
            if (server.status === 'ERROR')
              throw new Problem(
                'cloud_refused',
                `the server could not be built: ${server.fault?.message ?? 'the cloud gives no reason'}`,
              );
            return server.status === 'ACTIVE';
          },
          { what: 'the server to become ACTIVE', timeoutMs: SERVER_TIMEOUT_MS, intervalMs: 100 },
        );
        const port = await cloud.ports.get(portId);
        if (!port) throw new Problem('cloud_refused', 'the port of the server is gone');
        return { address: port.address, networkId: port.networkId };
      },
      async (tx, { address, networkId }) => {
        await tx.instances.update(instanceId, {
          serverStatus: 'ACTIVE',
          addresses: [{ address, type: 'private', networkId }],
        });
      },
    );
    await ctx.step('await enrolment', async () => {
      await ctx.waitUntil(async () => (await store.guests.get(instanceId))?.session, {
        what: 'the guest to enrol',
        timeoutMs: ENROL_TIMEOUT_MS,
        intervalMs: 50,
      });
    });
    const { groups } = await manifestOf(store, { instance, version });
    if (groups.includes('tls')) {
      await certificateSteps(ctx, certificates, async () => {
        const port = await cloud.ports.get(portId);
        if (!port) throw new Problem('cloud_refused', 'the port of the server is gone');
        return [port.address];
      });
    }
    const prepare = async () => {
      const place = await placeOf(cloud, { port: portId, server: serverId, volume: volumeId });
      const now = await loadInstance(store, instanceId);
      const { state } = await guests.call(
        instanceId,
        'prepare',
        {
          spec: await specOf(store, now, place, now.instance.specRevision),
          databases: ctx.input.databases,
          users: openUsers(secrets, instanceId, ctx.input.users, ctx.secrets),
        },
        // The job's own id: whoever runs the job again joins the guest's work, or gets its stored answer.
        { operationId: ctx.job.id, timeoutMs: PREPARE_TIMEOUT_MS, signal: ctx.signal },
      );
      return { state };
    };
    await ctx.step(
      'prepare',
      prepare,
      // What it runs stays so, whatever the version's image becomes.
      async (tx) => void (await tx.instances.update(instanceId, { image: imageOf(version) })),
    );
  }

  return defineJob<CreateInstanceInput>({
    kind: 'create_instance',
    deadlineMs: 30 * 60_000,
    maxAttempts: 20,
    run,
    async ended(tx, end, job) {
      if (job.instanceId === null) return;
      const instance = await tx.instances.get(job.instanceId);
      // A delete that was accepted while this failed has the say.
      if (instance?.task !== 'building') return;
      if (end.ok) {
        await tx.instances.update(job.instanceId, { task: 'none', serverStatus: 'ACTIVE', serviceStatus: 'healthy' });
        return;
      }
      const { code, detail } = end.problem;
      const task: Task = code === 'timeout' ? 'build_error_timeout' : 'build_error_server';
      const message =
        code === 'internal'
          ? 'The instance could not be made; an operator finds the reason in the log.'
          : `The instance could not be made: ${detail}`;
      await tx.instances.update(job.instanceId, { task, fault: jobFault(message, end.problem, job.id) });
    },
  });
}
