/** There is one domain. */
export const DOMAIN = { id: 'default', name: 'Default' } as const;
