import type { ApiVersion } from '@coffer/core';
import type { Handlers } from '../http/handlers.ts';

const versionAt = (base: string): ApiVersion => ({
  id: 'v1.0',
  status: 'CURRENT',
  updated: '2012-08-01T00:00:00Z',
  links: [{ rel: 'self', href: `${base}/v1.0/` }],
});

export const versionRoutes: Handlers<'listVersions' | 'showVersion'> = {
  listVersions: ({ base }) => ({ status: 200, body: { versions: [versionAt(base)] } }),
  showVersion: ({ base }) => ({ status: 200, body: { version: versionAt(base) } }),
};
