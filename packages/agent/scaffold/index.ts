import { connect } from 'node:net';
import { Problem } from '@coffer/core';
import {
  type DatastoreDriver,
  type DriverContext,
  type DriverFactory,
  type Operation,
  parseManifest,
} from '@coffer/core/driver';
import manifestJson from './manifest.json' with { type: 'json' };

const manifest = parseManifest(manifestJson);

/** The account that the server runs as in the image. */
const UID = 999;

/** How long a connection has to stay to be one. */
const STAYS_MS = 100;

function create(context: DriverContext): DatastoreDriver {
  /** Whether somebody takes connections. Replace it by a query with the client library of your database. */
  function reach({ signal }: Operation): Promise<void> {
    const endpoint = context.endpoint();
    const socket = connect('socketPath' in endpoint ? { path: endpoint.socketPath } : endpoint);
    return new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Problem('unavailable', `${manifest.title} does not answer: ${why}; ask again.`));
      const abort = () => fail('the call was ended');
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      // A server that is going down takes a connection and closes it at once.
      socket.once('connect', () => setTimeout(resolve, STAYS_MS));
      socket.once('close', () => fail('the connection was closed'));
      socket.once('error', ({ message }) => fail(message));
      socket.resume();
    }).finally(() => socket.destroy());
  }

  return {
    container: () => ({
      image: context.image,
      args: [],
      env: {},
      files: [],
      mounts: [{ kind: 'data', folder: 'sampledb', target: '/var/lib/sampledb', uid: UID }],
      capabilities: [],
      readOnlyRoot: true,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 60_000,
    }),

    // Here the service's account is made, and what the image leaves open is closed.
    initialise: reach,

    async probe(op) {
      try {
        await reach(op);
        return { state: 'healthy' };
      } catch (error) {
        return { state: 'down', detail: error instanceof Problem ? error.detail : 'it did not answer' };
      }
    },

    // Ask the database to end here, if it needs more than the signal of `container()`.
    async shutdown() {},

    async close() {},
  };
}

export default { manifest, create } satisfies DriverFactory;
