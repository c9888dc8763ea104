/** The engine's own shapes, under its own names; only what Coffer sends or reads. */

export interface ContainerConfig {
  Image: string;
  Cmd?: readonly string[];
  Entrypoint?: readonly string[];
  /** `NAME=value`. */
  Env?: readonly string[];
  Labels?: Readonly<Record<string, string>>;
  Hostname?: string;
  User?: string;
  WorkingDir?: string;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  StopSignal?: string;
  /** Seconds. */
  StopTimeout?: number;
  ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  Healthcheck?: { Test: readonly string[] };
  HostConfig?: HostConfig;
  NetworkingConfig?: { EndpointsConfig: Readonly<Record<string, EndpointConfig>> };
}

export interface HostConfig {
  /** `source:target[:ro]`. */
  Binds?: readonly string[];
  Mounts?: readonly MountConfig[];
  Tmpfs?: Readonly<Record<string, string>>;
  /** `none`, `host`, the name of a network, `container:<name>`. */
  NetworkMode?: string;
  PortBindings?: Readonly<Record<string, readonly { HostIp?: string; HostPort: string }[]>>;
  RestartPolicy?: { Name: 'no' | 'on-failure' | 'unless-stopped' | 'always'; MaximumRetryCount?: number };
  AutoRemove?: boolean;
  CapAdd?: readonly string[];
  CapDrop?: readonly string[];
  SecurityOpt?: readonly string[];
  Privileged?: boolean;
  ReadonlyRootfs?: boolean;
  Init?: boolean;
  /** Bytes. */
  Memory?: number;
  /** Memory and swap together, bytes. */
  MemorySwap?: number;
  NanoCpus?: number;
  PidsLimit?: number;
  ShmSize?: number;
  CgroupParent?: string;
  CgroupnsMode?: 'host' | 'private';
  Devices?: readonly { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  DeviceCgroupRules?: readonly string[];
  Dns?: readonly string[];
  ExtraHosts?: readonly string[];
  Sysctls?: Readonly<Record<string, string>>;
  Ulimits?: readonly { Name: string; Soft: number; Hard: number }[];
  LogConfig?: { Type: string; Config?: Readonly<Record<string, string>> };
}

export interface MountConfig {
  Type: 'bind' | 'volume' | 'tmpfs';
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

/** How a container is plugged into a network. */
export interface EndpointConfig {
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string };
  Aliases?: readonly string[];
  MacAddress?: string;
}

export interface EndpointInfo {
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  MacAddress: string;
  IPAMConfig?: { IPv4Address?: string } | null;
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerInfo {
  Id: string;
  /** With a leading slash. */
  Name: string;
  Created: string;
  /** Id of the image. */
  Image: string;
  State: {
    Status: ContainerStatus;
    Running: boolean;
    OOMKilled: boolean;
    Pid: number;
    ExitCode: number;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
  };
  Config: {
    Image: string;
    Env: string[] | null;
    Cmd: string[] | null;
    Labels: Record<string, string> | null;
    Hostname: string;
  };
  HostConfig: HostConfig;
  NetworkSettings: {
    Networks: Record<string, EndpointInfo>;
    /** By `port/protocol`; null for one that is not published. */
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean }[];
}

/** A row a process, in the columns of the titles. */
export interface ContainerProcesses {
  Titles: string[];
  Processes: string[][];
}

export interface ContainerSummary {
  Id: string;
  /** With leading slashes. */
  Names: string[];
  Image: string;
  ImageID: string;
  State: ContainerStatus;
  Status: string;
  Created: number;
  Labels: Record<string, string>;
  NetworkSettings?: { Networks: Record<string, EndpointInfo> };
}

export interface ImageInfo {
  Id: string;
  RepoTags: string[] | null;
  /** `name@sha256:…`, for images that came from a registry. */
  RepoDigests: string[] | null;
  Created: string;
  Size: number;
  Config: {
    Env: string[] | null;
    Cmd: string[] | null;
    Entrypoint: string[] | null;
    Labels: Record<string, string> | null;
    User?: string;
    Volumes?: Record<string, unknown> | null;
    StopSignal?: string;
  };
}

export interface NetworkConfig {
  Name: string;
  Driver?: string;
  /** No way out: no default route, no masquerading. */
  Internal?: boolean;
  EnableIPv6?: boolean;
  Labels?: Readonly<Record<string, string>>;
  Options?: Readonly<Record<string, string>>;
  IPAM?: { Driver?: string; Config: readonly { Subnet: string; Gateway?: string; IPRange?: string }[] };
}

export interface NetworkInfo {
  Id: string;
  Name: string;
  Driver: string;
  Internal: boolean;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
  IPAM: { Config: { Subnet?: string; Gateway?: string }[] | null };
  /** By container id; only `inspect` fills it. */
  Containers?: Record<string, { Name: string; IPv4Address: string; MacAddress: string }>;
}

export interface VolumeInfo {
  Name: string;
  Driver: string;
  Mountpoint: string;
  CreatedAt?: string;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
}

export interface EngineInfo {
  ID: string;
  Name: string;
  ServerVersion: string;
  Driver: string;
  CgroupVersion?: string;
  CgroupDriver?: string;
  DockerRootDir: string;
  NCPU: number;
  MemTotal: number;
  OperatingSystem: string;
  KernelVersion: string;
  Architecture: string;
  SecurityOptions: string[] | null;
}

export interface EngineVersion {
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  Os: string;
  Arch: string;
  KernelVersion?: string;
}

export interface EngineEvent {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  /** Seconds since 1970. */
  time: number;
  timeNano: number;
}

/** Names to values, as the engine filters lists: all names must match, any of a name's values. */
export type Filters = Readonly<Record<string, readonly string[]>>;
