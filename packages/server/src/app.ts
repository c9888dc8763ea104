import { randomBytes, randomUUID } from 'node:crypto';
import { type Cloud, type Identity, type Logger, type SecretBox, silentLogger } from '@coffer/core';
import type { GuestCaller } from '@coffer/core/rpc';
import type { App } from './http/app-type.ts';
import { createBaseUrl } from './http/base-url.ts';
import { mount } from './http/mount.ts';
import type { BuiltinIdentity } from './identity/builtin.ts';
import { configurationRoutes } from './routes/configurations.ts';
import { databaseRoutes } from './routes/databases.ts';
import { datastoreRoutes } from './routes/datastores.ts';
import { flavorRoutes } from './routes/flavors.ts';
import { healthRoutes } from './routes/health.ts';
import { identityRoutes } from './routes/identity.ts';
import { instanceRoutes } from './routes/instances.ts';
import { logRoutes } from './routes/logs.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { parameterRoutes } from './routes/parameters.ts';
import { rootRoutes } from './routes/root.ts';
import { sslRoutes } from './routes/ssl.ts';
import { userRoutes } from './routes/users.ts';
import { versionRoutes } from './routes/versions.ts';
import { whyRoutes } from './routes/why.ts';
import { createConfigurationService } from './services/configurations.ts';
import { createDatabaseService } from './services/databases.ts';
import { createDatastoreService } from './services/datastores.ts';
import { createFlavorService } from './services/flavors.ts';
import { createAskGuest } from './services/guest-calls.ts';
import type { HealthReport } from './services/health.ts';
import { createInstanceChangeService } from './services/instance-changes.ts';
import { createInstanceParameterService } from './services/instance-parameters.ts';
import { createInstanceService, type QuotaDefaults } from './services/instances.ts';
import { createLogService } from './services/logs.ts';
import { createMetricsService } from './services/metrics.ts';
import { createRootService } from './services/root.ts';
import { createSslService } from './services/ssl.ts';
import { createUserService } from './services/users.ts';
import { createWhyService } from './services/why.ts';
import type { Store } from './store/store.ts';

export interface AppConfig {
  /** Name of the region in views and catalog. */
  region: string;
  /** Where a project has no limits of its own. */
  quotas: QuotaDefaults;
  /** Largest single volume, GB. */
  maxVolumeSizeGib: number;
  /** What an instance runs whose request names no datastore; without it, naming one is required. */
  defaultDatastore?: string;
  /** Addresses or networks of proxies whose X-Forwarded-Proto and X-Forwarded-Host are believed. Default: none. */
  trustedProxies?: readonly string[];
  /** Checks every answer against the document; for tests. Default: false. */
  validateResponses?: boolean;
}

export interface AppDeps {
  store: Store;
  guests: GuestCaller;
  cloud: Pick<Cloud, 'flavors'>;
  /** Turns tokens into callers. */
  identity: Identity;
  /** The same identity, when it is the builtin one: served under /identity. */
  builtin?: BuiltinIdentity;
  health: () => Promise<HealthReport>;
  secrets: SecretBox;
  config: AppConfig;
  /** Silent when absent. */
  log?: Logger;
  /** Draws a UUID; random ones when absent. */
  newId?: () => string;
}

/** 36 letters, digits, `-` and `_`. */
const newPassword = (): string => randomBytes(27).toString('base64url');

/**
 * The HTTP API as a Hono app: served by its `fetch`, or hung below any path of another by `host.route('/database', app)`; links in
 * answers carry scheme, host and that path. No I/O until the first request; any number may run over one store.
 */
export function createApp(deps: AppDeps): App {
  const { store, config, log = silentLogger, newId = randomUUID } = deps;
  const datastores = createDatastoreService({
    store,
    ...(config.defaultDatastore !== undefined && { defaultDatastore: config.defaultDatastore }),
  });
  const flavors = createFlavorService(deps.cloud);
  const askGuest = createAskGuest({ guests: deps.guests, newId, log });
  const instances = createInstanceService({
    store,
    datastores,
    flavors,
    secrets: deps.secrets,
    newId,
    region: config.region,
    quotas: config.quotas,
    maxVolumeSizeGib: config.maxVolumeSizeGib,
  });
  const changes = createInstanceChangeService({ store, datastores });
  return mount(
    {
      ...versionRoutes,
      ...healthRoutes(deps.health),
      ...datastoreRoutes(datastores),
      ...flavorRoutes(flavors),
      ...parameterRoutes(datastores),
      ...configurationRoutes(
        createConfigurationService({ store, datastores, newId }),
        changes,
        createInstanceParameterService({ store, askGuest }),
      ),
      ...instanceRoutes(instances, changes),
      ...sslRoutes(createSslService({ store, askGuest })),
      ...logRoutes(createLogService({ store, askGuest })),
      ...metricsRoutes(createMetricsService({ store, askGuest })),
      ...whyRoutes(createWhyService({ store })),
      ...databaseRoutes(createDatabaseService({ store, askGuest })),
      ...userRoutes(createUserService({ store, askGuest })),
      ...rootRoutes(createRootService({ store, askGuest, newPassword })),
      ...identityRoutes(deps.builtin, config.region),
    },
    {
      identity: deps.identity,
      baseUrlOf: createBaseUrl(config.trustedProxies ?? []),
      log,
      newId,
      validateResponses: config.validateResponses ?? false,
    },
  );
}
