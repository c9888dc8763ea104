import type { CloudPort, CloudServer, CloudVolume, Flavor } from '@coffer/core';
import type { Fault, Suffer } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { Shelf } from './shelf.ts';

/** How long things take, and how a cloud behaves where clouds differ. May be changed while the cloud runs. */
export interface Behaviour {
  /** From an accepted create to ACTIVE or available, in ms. Default 20. */
  buildMs: number;
  /** From an accepted delete to gone, in ms. Default 20. */
  deleteMs: number;
  /** How far listings lag behind, in ms. Default 0. */
  listLagMs: number;
  /**
   * What deleting again answers while a delete is under way. Default `accepted`; `refused` is what Cinder does. Either way
   * the first one goes on and is not slowed down.
   */
  repeatedDelete: 'accepted' | 'refused';
  /** What a server shows while it is being deleted. Default `DELETING`; Nova goes on to show `ACTIVE` for seconds. */
  showsDeletingAs: 'DELETING' | 'ACTIVE';
  /** How long a volume stays in use after its server is gone, in ms. Default 0. */
  detachMs: number;
}

export interface ServerListener {
  /** The server became ACTIVE for the first time; `userData` is what its guest would read. */
  active?(server: CloudServer, userData: string): void;
  /** The server, ACTIVE before, was rebooted and is back. */
  rebooted?(server: CloudServer): void;
  /** The server is gone. */
  gone?(server: CloudServer): void;
}

/** A network of the testing cloud. The one of a project is made when its first port is. */
export interface TestingNetwork {
  id: string;
  subnetId: string;
  projectId: string;
  /** The first three octets, e.g. `10.20.1`; every network is a /24. */
  prefix: string;
}

/** What the parts of one testing cloud share. */
export interface World {
  time: Scheduler;
  behaviour: Behaviour;
  suffer: Suffer;
  flavors: readonly Flavor[];
  servers: Shelf<CloudServer>;
  volumes: Shelf<CloudVolume>;
  ports: Shelf<CloudPort>;
  networks: Map<string, TestingNetwork>;
  listeners: Set<ServerListener>;
  newId(): string;
}

/** The extra time that a fault costs. */
export const slowness = (fault: Fault | undefined): number => (fault?.as === 'slow' ? fault.ms : 0);

/** False when the answer to the caller gets lost. */
export const isAcknowledged = (fault: Fault | undefined): boolean => fault?.as !== 'lost-answer';
