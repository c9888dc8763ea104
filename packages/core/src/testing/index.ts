export { type BrokerUnderTest, testBroker } from './broker-suite.ts';
export { type CloudSuiteOptions, type CloudUnderTest, testCloud } from './cloud-suite.ts';
export type {
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
export { createMemoryDirectory, type MemoryDirectory } from './memory-directory.ts';
export { createMemoryBroker, type MemoryBroker } from './memory-transport.ts';
export { type TransportUnderTest, testTransport } from './transport-suite.ts';
