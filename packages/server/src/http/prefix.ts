import { type Context, Hono } from 'hono';
import { routePath } from 'hono/route';
import type { App, AppEnv } from './app-type.ts';

/** As the document has it, undecoded: slashes collapsed, none at the end. */
export function rawPath(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return `/${path.split('/').filter(Boolean).join('/')}`;
}

/** As many segments of the path, as the client wrote them, as the route has before its `*`. */
function prefixOf(c: Context<AppEnv>): string {
  const depth = routePath(c).split('/').filter(Boolean).length - 1;
  return rawPath(c.req.url)
    .split('/')
    .slice(0, depth + 1)
    .join('/');
}

/**
 * Makes an app that may be hung below any path of another by `host.route('/prefix', app)`. Whatever is below is its own to answer,
 * with its own ideas of slashes and of what is not found; it is told where it hangs as `env.prefix`, empty or `/prefix`.
 */
export const hangable = (inner: App): App =>
  new Hono<AppEnv>().all('*', (c) => inner.fetch(c.req.raw, { ...c.env, prefix: prefixOf(c) }));
