import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';

export interface ListenOptions {
  /** What answers, e.g. the app's `fetch`. */
  fetch: Parameters<typeof serve>[0]['fetch'];
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** PEM. Without it, plain HTTP. */
  tls?: { cert: string; key: string };
}

export interface Listener {
  /** The port that was taken. */
  port: number;
  /** Stops taking connections, ends idle ones at once and the others after `graceMs`. Repeatable. */
  close(graceMs?: number): Promise<void>;
}

/** Serves over HTTP or HTTPS. Rejects with the system's error (EADDRINUSE, EACCES) when the port cannot be had. */
export async function listen({ fetch, host, port, tls }: ListenOptions): Promise<Listener> {
  const server = tls
    ? serve({ fetch, hostname: host, port, createServer: createTlsServer, serverOptions: tls })
    : serve({ fetch, hostname: host, port });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const address = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    port: address.port,
    close(graceMs = 5_000) {
      closing ??= new Promise((resolve) => {
        const force = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      });
      return closing;
    },
  };
}
