export type { BrokerLine } from '../guest/guests.ts';
export { createRabbitmqBroker, type RabbitmqBrokerOptions } from './rabbitmq.ts';
export { createRelayBroker, type RelayAccounts, type RelayBroker, type RelayBrokerOptions } from './relay.ts';
export { relayAccounts } from './relay-accounts.ts';
