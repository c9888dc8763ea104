// Compiled, never run: what a handler table must not say.
import type { Handlers } from '../../packages/server/src/http/handlers.ts';

type Two = Handlers<'listVersions' | 'deleteInstance'>;

const versions = { versions: [] };

export const right: Two = {
  listVersions: () => ({ status: 200, body: versions }),
  deleteInstance: async ({ path }) =>
    path.instance_id === '' ? { status: 202 } : { status: 202, headers: { 'X-Kind': 'x' } },
};

// @ts-expect-error an operation is missing
export const missing: Two = { listVersions: () => ({ status: 200, body: versions }) };

export const wrongStatus: Two = {
  ...right,
  // @ts-expect-error the document has no 204 for it
  deleteInstance: () => ({ status: 204 }),
};

export const wrongBody: Two = {
  ...right,
  // @ts-expect-error the list has another name
  listVersions: () => ({ status: 200, body: { version: [] } }),
};

export const unwantedBody: Two = {
  ...right,
  // @ts-expect-error a 202 is empty
  deleteInstance: () => ({ status: 202, body: {} }),
};

export const missingBody: Two = {
  ...right,
  // @ts-expect-error a 200 is not
  listVersions: () => ({ status: 200 }),
};

export const unknownParameter: Two = {
  ...right,
  // @ts-expect-error the path has no such parameter
  deleteInstance: ({ path }) => ({ status: 202, headers: { 'X-Kind': path.instance } }),
};

export const unknownOperation: Two = {
  ...right,
  // @ts-expect-error no such operation
  listGalaxies: () => ({ status: 200, body: {} }),
};

export const optionalBody: Handlers<'enableRoot'> = {
  // @ts-expect-error it may be left out
  enableRoot: ({ body }) => ({ status: 200, body: { user: { name: 'root', password: body.password ?? '' } } }),
};
