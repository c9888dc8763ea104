import type { Flavor, Logger } from '@coffer/core';
import type { Engine } from '@coffer/core/engine';

export interface DockerCloudOptions {
  engine: Engine;
  /** Where volumes and records lie, on a disk. Made when missing; holds nothing secret. One folder is one cloud. */
  dataDir: string;
  /** Where user data lies: a folder on a tmpfs. As root one is mounted there when it is none. */
  runDir: string;
  /** The image of every guest. It must be on the engine; nothing is pulled. */
  guestImage: string;
  /** Shown to guests, read-only, at /var/lib/coffer/images: the database images as archives. */
  imagesDir?: string;
  /** Where the management network's /22 is taken from. Default 10.212.0.0/16. */
  managementPool?: string;
  /** Where each project's /24 is taken from. Default 10.213.0.0/16. */
  tenantPool?: string;
  /** TCP ports of this host that guests may reach, at the management network's gateway. Default none. */
  brokerPorts?: readonly number[];
  /** IPv4 networks beyond this host that guests may reach, for registries and object stores. Default none. */
  guestEgress?: readonly string[];
  /**
   * A block device over a sparse file, or a plain folder without size limit. Default `loop` for root, `folder` else.
   */
  volumeKind?: 'loop' | 'folder';
  /** Default four, ids "1" to "4", of 1 to 8 GiB. */
  flavors?: readonly Flavor[];
  /** Begins the names of containers and networks. Default `coffer`. */
  prefix?: string;
  /** Default silent. */
  log?: Logger;
}
