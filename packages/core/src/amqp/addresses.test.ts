import { expect, it } from 'vitest';
import { dialectOf, names } from './addresses.ts';

it('speaks the addresses that the broker understands, by what the broker says of itself', () => {
  const spoken = (properties?: Record<string, unknown>) => dialectOf(properties).address.queue('a/b');
  expect(spoken({ product: 'RabbitMQ', version: '3.10.8' })).toBe('/amq/queue/a%2Fb');
  expect(spoken({ product: 'RabbitMQ', version: '4.3.6' })).toBe('/queues/a%2Fb');
  expect(spoken({ product: 'RabbitMQ', version: '10.0.0' })).toBe('/queues/a%2Fb');
  expect(spoken({ product: 'another broker', version: '3.0' })).toBe('/queues/a%2Fb');
  expect(spoken(undefined)).toBe('/queues/a%2Fb');
});

it('names the destination of every message, since the sender has none', () => {
  const old = dialectOf({ product: 'RabbitMQ', version: '3.13.0' });
  expect([old.target('key'), old.destination('key', names.eventKey('i'))]).toEqual([
    { address: '/exchange/amq.topic' },
    { subject: 'i.event' },
  ]);
  expect([old.target('queue'), old.destination('queue', 'q')]).toEqual([{ address: '/queue' }, { subject: 'q' }]);
  const present = dialectOf({});
  expect(present.target('key')).toEqual({});
  expect(present.destination('key', names.eventKey('i'))).toEqual({ to: '/exchanges/amq.topic/i.event' });
  expect(present.destination('queue', 'q')).toEqual({ to: '/queues/q' });
});
