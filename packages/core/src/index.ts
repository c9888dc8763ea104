export type { Broker, BrokerAccount } from './broker.ts';
export type * from './cloud.ts';
export type { Caller, Identity } from './identity.ts';
export { type LogFields, type Logger, silentLogger } from './log.ts';
export { isProblemCode, PROBLEMS, Problem, type ProblemCode, type ProblemJson, reviveProblem, toProblem } from './problem.ts';
export type * from './runtime.ts';
export type { Sealed, SecretBox } from './secrets.ts';
