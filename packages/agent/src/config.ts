import { Problem } from '@coffer/core';

export interface AgentConfig {
  /** Enrolment data as JSON, put there by the cloud. `COFFER_USER_DATA`, default `/run/coffer-user-data/user-data`. */
  userDataPath: string;
  /** What survives a restart of the guest: keys, spec, drivers; mode 0700. `COFFER_STATE`, default `/var/lib/coffer/state`. */
  stateDir: string;
  /** What must not: secrets for containers, sockets, stored replies; made a tmpfs. `COFFER_RUN`, default `/run/coffer`. */
  runDir: string;
  /** Where the data volume is mounted. `COFFER_DATA`, default `/var/lib/coffer/data`. */
  dataDir: string;
  /** Image archives, read-only. `COFFER_IMAGES`, default `/var/lib/coffer/images`. */
  imagesDir: string;
  /** Container engine. `COFFER_ENGINE`, default `unix:///var/run/docker.sock`. */
  engine: string;
  /** Cgroup below which containers are put. `COFFER_CGROUP_PARENT`; default: the guest's own, where the guest is a container. */
  cgroupParent?: string;
  /** Told by a file: the order to follow instead of a control plane. `COFFER_SPEC`. */
  specFile?: string;
  /** Told by a file: the driver bundle. `COFFER_DRIVER`. */
  driverFile?: string;
  /** `debug`, `info`, `warn` or `error`. `COFFER_LOG`, default `info`. */
  logLevel: LogLevel;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** @throws Problem `bad_request` that lists everything wrong at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): AgentConfig {
  const wrong: string[] = [];
  const path = (name: string, fallback: string): string => {
    const value = env[name] || fallback;
    if (!value.startsWith('/')) wrong.push(`${name} is "${value}"; give an absolute path`);
    return value;
  };
  const level = env.COFFER_LOG || 'info';
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (!logLevel) wrong.push(`COFFER_LOG is "${level}"; give one of ${LOG_LEVELS.join(', ')}`);
  const engine = env.COFFER_ENGINE || 'unix:///var/run/docker.sock';
  if (!/^(unix:\/\/\/|tcp:\/\/|http:\/\/)/.test(engine))
    wrong.push(`COFFER_ENGINE is "${engine}"; give unix:///path or tcp://host:port`);
  const config: AgentConfig = {
    userDataPath: path('COFFER_USER_DATA', '/run/coffer-user-data/user-data'),
    stateDir: path('COFFER_STATE', '/var/lib/coffer/state'),
    runDir: path('COFFER_RUN', '/run/coffer'),
    dataDir: path('COFFER_DATA', '/var/lib/coffer/data'),
    imagesDir: path('COFFER_IMAGES', '/var/lib/coffer/images'),
    engine,
    ...(env.COFFER_CGROUP_PARENT && { cgroupParent: env.COFFER_CGROUP_PARENT }),
    ...(env.COFFER_SPEC && { specFile: path('COFFER_SPEC', '') }),
    ...(env.COFFER_DRIVER && { driverFile: path('COFFER_DRIVER', '') }),
    logLevel: logLevel ?? 'info',
  };
  if (config.driverFile && !config.specFile) wrong.push('COFFER_DRIVER needs COFFER_SPEC beside it');
  if (wrong.length > 0) throw new Problem('bad_request', `The agent's environment is wrong: ${wrong.join('; ')}.`);
  return config;
}
