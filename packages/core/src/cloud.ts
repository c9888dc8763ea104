/**
 * What gives an instance its server, volumes and ports. Written against Nova, Cinder and Neutron as they behave: creation is
 * asynchronous, names are not unique, a request may time out after it succeeded, deletion lags, quotas run out.
 *
 * Everything created carries the caller's `key`; `find` looks it up again, so a repeated create never makes a second one.
 * Implementations must find by key at least what they themselves acknowledged; the caller looks before it creates.
 * All errors are Problems: `cloud_refused` (do not try again), `cloud_unavailable` (try again), `not_found`.
 */
export interface Cloud {
  readonly name: string;
  readonly servers: CloudServers;
  readonly volumes: CloudVolumes;
  readonly ports: CloudPorts;
  readonly flavors: CloudFlavors;
  /** @throws Problem `cloud_unavailable` with a sentence that names the part that does not answer. */
  ping(): Promise<void>;
}

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  /** MiB. */
  ramMib: number;
  /** GiB of root disk; 0 where the cloud has none. */
  diskGib: number;
  ephemeralGib: number;
}

export interface CloudFlavors {
  list(): Promise<Flavor[]>;
}

/** Why a resource is in ERROR, in the cloud's words. */
export interface CloudFault {
  message: string;
}

export interface ServerCreate {
  /** Idempotency key, also the name shown to the operator. */
  key: string;
  flavorId: string;
  /** Ports to plug in besides the management network, made before by `ports.create`. */
  portIds: readonly string[];
  volumeIds: readonly string[];
  /** Handed to the guest as user data; holds a one-time token. Kept out of inspection, logs and names. */
  userData: string;
  metadata: Readonly<Record<string, string>>;
}

export type ServerStatus = 'BUILD' | 'ACTIVE' | 'REBOOT' | 'RESIZE' | 'SHUTOFF' | 'ERROR' | 'DELETING' | 'UNKNOWN';

export interface CloudServer {
  id: string;
  key: string;
  status: ServerStatus;
  fault?: CloudFault;
  /** Address on the management network, once known. */
  managementAddress?: string;
  portIds: readonly string[];
  volumes: readonly { volumeId: string; device: string }[];
}

export interface CloudServers {
  /** Accepts the request; the server appears as BUILD and becomes ACTIVE or ERROR. */
  create(spec: ServerCreate): Promise<CloudServer>;
  get(id: string): Promise<CloudServer | undefined>;
  find(key: string): Promise<CloudServer | undefined>;
  /** Every server that this service owns. May lag behind. */
  list(): Promise<CloudServer[]>;
  /** Accepts the deletion; `get` answers undefined once it is gone. Repeatable. */
  delete(id: string): Promise<void>;
  reboot(id: string): Promise<void>;
  consoleLog(id: string, lines: number): Promise<string>;
}

export interface VolumeCreate {
  key: string;
  sizeGib: number;
  type?: string;
}

export type VolumeStatus = 'creating' | 'available' | 'in-use' | 'extending' | 'deleting' | 'error';

export interface CloudVolume {
  id: string;
  key: string;
  status: VolumeStatus;
  sizeGib: number;
  fault?: CloudFault;
}

export interface CloudVolumes {
  create(spec: VolumeCreate): Promise<CloudVolume>;
  get(id: string): Promise<CloudVolume | undefined>;
  find(key: string): Promise<CloudVolume | undefined>;
  list(): Promise<CloudVolume[]>;
  /** Grows it, also while in use; the guest grows the file system. Shrinking is `cloud_refused`. */
  extend(id: string, sizeGib: number): Promise<void>;
  /** A volume in use is `cloud_refused`. Repeatable; nothing there is success. */
  delete(id: string): Promise<void>;
}

export interface PortCreate {
  key: string;
  /** The project on whose network the port is made. */
  projectId: string;
  /** Network, subnet and address asked for by the user; the project's own network when absent. */
  networkId?: string;
  subnetId?: string;
  address?: string;
  /** IPv4 CIDRs that may reach `tcpPorts`; empty means everybody on the network. */
  allowedCidrs: readonly string[];
  tcpPorts: readonly number[];
}

export interface CloudPort {
  id: string;
  key: string;
  projectId: string;
  networkId: string;
  status: 'DOWN' | 'ACTIVE' | 'ERROR';
  address: string;
  /** Length of the subnet's prefix, in bits. */
  prefixLength: number;
  gateway?: string;
  mac?: string;
}

export interface CloudPorts {
  create(spec: PortCreate): Promise<CloudPort>;
  get(id: string): Promise<CloudPort | undefined>;
  find(key: string): Promise<CloudPort | undefined>;
  list(): Promise<CloudPort[]>;
  /** Repeatable; nothing there is success. */
  delete(id: string): Promise<void>;
}
