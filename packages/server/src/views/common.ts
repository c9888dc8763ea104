import type { Links } from '@coffer/core';

/** What links need: where the client found us, and the project of the token. */
export interface LinkContext {
  base: string;
  project: string;
}

/** UTC to the second, without zone: Go clients parse exactly this. */
export const wireTime = (time: Date): string => time.toISOString().slice(0, 19);

export function linksTo({ base, project }: LinkContext, collection: string, id: string): Links {
  const name = encodeURIComponent(id);
  return [
    { href: `${base}/v1.0/${encodeURIComponent(project)}/${collection}/${name}`, rel: 'self' },
    { href: `${base}/${collection}/${name}`, rel: 'bookmark' },
  ];
}
