import { describe, expect, it } from 'vitest';
import { type BrokerFlags, readBrokerOptions } from './options.ts';

const flags: BrokerFlags = {
  broker: 'amqps://coffer@rabbitmq.example',
  brokerManagement: 'https://rabbitmq.example:15671/',
  brokerPasswordFile: '/etc/coffer/broker.password',
  brokerCa: '/etc/coffer/broker.pem',
  brokerQueues: 'classic',
};

it('is the embedded relay unless a broker is named', () => {
  expect(readBrokerOptions({ brokerQueues: 'classic' })).toBeUndefined();
});

it('reads a RabbitMQ from its addresses', () => {
  expect(readBrokerOptions(flags)).toEqual({
    host: 'rabbitmq.example',
    port: 5671,
    username: 'coffer',
    passwordFile: '/etc/coffer/broker.password',
    caFile: '/etc/coffer/broker.pem',
    management: 'https://rabbitmq.example:15671',
    queueType: 'classic',
  });
  const plain = { ...flags, broker: 'amqp://a%40b@[fd00::1]', allowInsecure: true, brokerQueues: 'quorum' };
  expect(readBrokerOptions(plain)).toMatchObject({ host: 'fd00::1', port: 5672, username: 'a@b', queueType: 'quorum' });
});

describe('says what is wrong with', () => {
  it.each<[string, { [K in keyof BrokerFlags]?: BrokerFlags[K] | undefined }, RegExp]>([
    ['another kind of address', { broker: 'rabbitmq.example:5671' }, /--broker is no address/],
    ['a password that all can read', { broker: 'amqps://coffer:hidden@rabbitmq.example' }, /--broker-password-file/],
    ['a virtual host', { broker: 'amqps://coffer@rabbitmq.example/coffer' }, /--broker has a path/],
    ['nobody to log in', { broker: 'amqps://rabbitmq.example' }, /--broker names no user/],
    ['TLS without an authority', { broker: 'amqps://coffer@rabbitmq.example', brokerCa: undefined }, /--broker-ca/],
    ['passwords in the clear', { broker: 'amqp://coffer@rabbitmq.example' }, /--allow-insecure/],
    ['a management in the clear', { brokerManagement: 'http://rabbitmq.example:15672' }, /--allow-insecure/],
    ['an unknown kind of queue', { brokerQueues: 'mirrored' }, /--broker-queues is mirrored/],
  ])('%s', (_, change, says) => {
    const given = Object.fromEntries(
      Object.entries({ ...flags, ...change }).filter(([, value]) => value !== undefined),
    );
    const read = () => readBrokerOptions({ brokerQueues: 'classic', ...given });
    expect(read).toThrow(says);
    expect(read).not.toThrow(/hidden/);
  });

  it.each(['brokerManagement', 'brokerPasswordFile'] as const)('a broker without %s', (name) => {
    const { [name]: _, ...rest } = flags;
    expect(() => readBrokerOptions(rest)).toThrow(/--broker needs/);
  });
});
