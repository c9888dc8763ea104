import type { NextLinks } from '@coffer/core';

/** Items of a page when nothing else is asked for, and at most. */
export const PAGE_SIZE = 20;

/** What the query asks for, capped at the page size. */
export function pageOf(query: { limit?: number; marker?: string }): { limit: number; marker?: string } {
  const limit = Math.min(query.limit ?? PAGE_SIZE, PAGE_SIZE);
  return query.marker === undefined ? { limit } : { limit, marker: query.marker };
}

function hrefWith(url: string, base: string, marker: string): string {
  const { pathname, searchParams } = new URL(url);
  const others = [...searchParams].filter(([name]) => name !== 'marker');
  const query = new URLSearchParams(others).toString();
  return `${base}${pathname}?${query}${query ? '&' : ''}marker=${marker}`;
}

/**
 * The link to the next page, for an answer's `links` and `<plural>_links`; both undefined on the last page.
 * In `links` the marker is encoded twice: the Python client decodes it once and pastes the rest into its next URL as it is.
 * Go clients look for `<plural>_links` and follow it as it stands, so there it is encoded once.
 */
export function nextLinks(
  url: string,
  base: string,
  marker: string | undefined,
): { links?: NextLinks; pluralLinks?: NextLinks } {
  if (marker === undefined) return {};
  const once = encodeURIComponent(marker);
  return {
    links: [{ rel: 'next', href: hrefWith(url, base, encodeURIComponent(once)) }],
    pluralLinks: [{ rel: 'next', href: hrefWith(url, base, once) }],
  };
}
