import { Problem, type ServerCreate } from '@coffer/core';
import { describe, expect, it } from 'vitest';
import { createManualTime, createTestingCloud, type TestingCloudOptions } from './index.ts';

const server: ServerCreate = {
  key: 'one',
  flavorId: '1',
  portIds: [],
  volumeIds: [],
  userData: 'token',
  metadata: {},
};

function setUp(options: TestingCloudOptions = {}) {
  const time = createManualTime();
  const cloud = createTestingCloud({ time, ...options });
  return { time, cloud };
}

const problem = (code: string) => expect.objectContaining({ code, constructor: Problem });

describe('the testing cloud', () => {
  it('stands still until its clock is turned', async () => {
    const { time, cloud } = setUp({ buildMs: 1000 });
    const { id } = await cloud.servers.create(server);
    await time.advance(999);
    expect((await cloud.servers.get(id))?.status).toBe('BUILD');
    await time.advance(1);
    expect((await cloud.servers.get(id))?.status).toBe('ACTIVE');
  });

  it('keeps what it made when the answer is lost, and makes a second one for who does not look', async () => {
    const { cloud } = setUp();
    cloud.faults.next('servers.create', { as: 'lost-answer' });
    await expect(cloud.servers.create(server)).rejects.toEqual(problem('cloud_unavailable'));
    const found = await cloud.servers.find('one');
    expect(found?.key).toBe('one');
    await cloud.servers.create(server);
    expect(await cloud.servers.list()).toHaveLength(2);
    expect(await cloud.servers.find('one')).toEqual(found);
  });

  it('lets listings lag, and with them what nobody was told of', async () => {
    const { time, cloud } = setUp({ listLagMs: 500 });
    const told = await cloud.servers.create(server);
    cloud.faults.next('servers.create', { as: 'lost-answer' });
    await expect(cloud.servers.create({ ...server, key: 'two' })).rejects.toThrow();
    expect(await cloud.servers.list()).toEqual([]);
    expect((await cloud.servers.find('one'))?.id).toBe(told.id);
    expect(await cloud.servers.find('two')).toBeUndefined();
    await time.advance(500);
    expect(await cloud.servers.list()).toHaveLength(2);
    expect(await cloud.servers.find('two')).toBeDefined();
    await cloud.servers.delete(told.id);
    await time.advance(100);
    expect(await cloud.servers.get(told.id)).toBeUndefined();
    expect(await cloud.servers.list()).toHaveLength(2);
    await time.advance(500);
    expect(await cloud.servers.list()).toHaveLength(1);
  });

  it('refuses by quota, once, and makes nothing', async () => {
    const { cloud } = setUp();
    cloud.faults.next('volumes.create', { as: 'refused', detail: 'VolumeLimitExceeded' });
    await expect(cloud.volumes.create({ key: 'v', sizeGib: 1 })).rejects.toEqual(problem('cloud_refused'));
    expect(await cloud.volumes.find('v')).toBeUndefined();
    expect((await cloud.volumes.create({ key: 'v', sizeGib: 1 })).status).toBe('creating');
  });

  it('accepts a server and puts it into ERROR later; the server can be deleted and its volume is free then', async () => {
    const { time, cloud } = setUp();
    const volume = await cloud.volumes.create({ key: 'v', sizeGib: 1 });
    await time.advance(20);
    cloud.faults.next('servers.create', { as: 'error-later', message: 'No valid host was found.' });
    const { id } = await cloud.servers.create({ ...server, volumeIds: [volume.id] });
    await time.advance(20);
    expect(await cloud.servers.get(id)).toMatchObject({
      status: 'ERROR',
      fault: { message: 'No valid host was found.' },
    });
    await cloud.servers.delete(id);
    await time.advance(20);
    expect((await cloud.volumes.get(volume.id))?.status).toBe('available');
  });

  it('deletes slowly, shows ACTIVE meanwhile, and answers a repeated delete as told', async () => {
    const { time, cloud } = setUp({ showsDeletingAs: 'ACTIVE', repeatedDelete: 'refused', detachMs: 50 });
    const volume = await cloud.volumes.create({ key: 'v', sizeGib: 1 });
    await time.advance(20);
    const { id } = await cloud.servers.create({ ...server, volumeIds: [volume.id] });
    await time.advance(20);
    cloud.faults.next('servers.delete', { as: 'slow', ms: 6000 });
    await cloud.servers.delete(id);
    expect((await cloud.servers.get(id))?.status).toBe('ACTIVE');
    await expect(cloud.servers.delete(id)).rejects.toEqual(problem('cloud_refused'));
    cloud.behaviour.repeatedDelete = 'accepted';
    await cloud.servers.delete(id);
    await time.advance(6020);
    expect(await cloud.servers.get(id)).toBeUndefined();
    expect((await cloud.volumes.get(volume.id))?.status).toBe('in-use');
    await time.advance(50);
    expect((await cloud.volumes.get(volume.id))?.status).toBe('available');
  });

  it('drops ports silently, at create and afterwards', async () => {
    const { time, cloud } = setUp();
    const port = await cloud.ports.create({ key: 'p', projectId: 'x', allowedCidrs: [], tcpPorts: [] });
    cloud.faults.next('servers.create', { as: 'dropped-ports' });
    const without = await cloud.servers.create({ ...server, portIds: [port.id] });
    await time.advance(20);
    expect(await cloud.servers.get(without.id)).toMatchObject({ status: 'ACTIVE', portIds: [] });
    expect((await cloud.ports.get(port.id))?.status).toBe('DOWN');
    const other = await cloud.servers.create({ ...server, key: 'two', portIds: [port.id] });
    await time.advance(20);
    await cloud.ports.delete(port.id);
    expect(await cloud.servers.get(other.id)).toMatchObject({ status: 'ACTIVE', portIds: [] });
  });

  it('does not answer a ping when told', async () => {
    const { cloud } = setUp();
    cloud.faults.next('ping', { as: 'unavailable' }, 2);
    await expect(cloud.ping()).rejects.toEqual(problem('cloud_unavailable'));
    await expect(cloud.ping()).rejects.toEqual(problem('cloud_unavailable'));
    await cloud.ping();
  });

  it('tells of servers, and hands the guest its user data', async () => {
    const { time, cloud } = setUp();
    const heard: string[] = [];
    const end = cloud.listen({
      active: (made, userData) => heard.push(`active ${made.key} ${userData}`),
      rebooted: (made) => heard.push(`rebooted ${made.key}`),
      gone: (made) => heard.push(`gone ${made.key}`),
    });
    const { id } = await cloud.servers.create(server);
    await time.advance(20);
    await cloud.servers.reboot(id);
    await time.advance(20);
    await cloud.servers.delete(id);
    await time.advance(20);
    end();
    const vanishing = await cloud.servers.create(server);
    await time.advance(20);
    cloud.breakServer(vanishing.id, 'vanish');
    expect(await cloud.servers.get(vanishing.id)).toBeUndefined();
    expect(heard).toEqual(['active one token', 'rebooted one', 'gone one']);
  });
});
