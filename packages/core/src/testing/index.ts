export { type BrokerUnderTest, testBroker } from './broker-suite.ts';
export { type CloudSuiteOptions, type CloudUnderTest, testCloud } from './cloud-suite.ts';
export type {
  AdministratorTest,
  DriverHarness,
  DriverTest,
  GuestOptions,
  TenantLogin,
  TenantSession,
  TestGuest,
  TestWire,
} from './driver-harness.ts';
export { testDriver } from './driver-suite.ts';
export * from './fake-runtime.ts';
export { type IdentityUnderTest, type SuiteAccount, testIdentity } from './identity-suite.ts';
export { createMemoryDirectory, type MemoryDirectory } from './memory-directory.ts';
export { createMemoryIdentity, type MemoryIdentity, type MemoryIdentityOptions } from './memory-identity.ts';
export { createMemoryBroker, type MemoryBroker } from './memory-transport.ts';
export { type TransportUnderTest, testTransport } from './transport-suite.ts';
