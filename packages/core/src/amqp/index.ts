export { type Dialect, dialectOf, EXCHANGE, names, type Way } from './addresses.ts';
export { createRelay, type Relay, type RelayAccount, type RelayOptions } from './relay.ts';
export {
  type AgentTransportOptions,
  createAgentTransport,
  createServerTransport,
  type ServerTransportOptions,
} from './transports.ts';
