import type { Hono } from 'hono';

export interface AppBindings {
  /** Where @hono/node-server keeps the connection. */
  incoming?: { socket?: { remoteAddress?: string } };
  /** Where the app hangs below another. */
  prefix?: string;
}

export type AppEnv = { Bindings: AppBindings };
/** A Hono app: to be served by its `fetch`, or hung below a path of another by `host.route(path, app)`. */
export type App = Hono<AppEnv>;
