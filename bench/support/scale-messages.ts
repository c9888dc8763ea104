import type { BrokerLine } from '../../packages/server/src/guest/guests.ts';

/** What a process of the scale run is told when it starts, by its parent and by no argument: it holds passwords. */
export interface ScaleConfig {
  databaseUrl: string;
  /** Hex. */
  masterKey: string;
  line: BrokerLine;
  /** Of RabbitMQ's management plugin; its account is the line's. */
  managementUrl: string;
  reportIntervalMs: number;
  /** How many there are to be, with a user in each. */
  projects: number;
}

export type ToServer = { start: ScaleConfig } | { stop: true };
export type FromServer =
  | { ready: { url: string; accounts: { projectId: string; token: string }[] } }
  /** A server of the cloud runs: its user data. */
  | { guest: string };

export type ToGuests = { guest: string } | { reporting: boolean } | { flood: number } | { count: true };
export type FromGuests = { enrolled: string } | { counted: number } | { flooded: true };

/** Takes in so many to warm up (code gets compiled; a guest's keys are derived once a process), and then measures so many. */
export type ToIntake = { start: ScaleConfig; by: 'coffer' | 'rhea'; warmUp: number; count: number };
/** All in ms of this process: from the first message to the last of those that are measured, and of those before. */
export type FromIntake = { wallMs: number; cpuMs: number; warmUpCpuMs: number };
