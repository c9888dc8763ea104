/** What each sealed column of a guest is sealed for: a value moved to another row or column does not open. */
export const guestSecret = {
  token: (instanceId: string): string => `instance/${instanceId}/token`,
  brokerPassword: (instanceId: string): string => `instance/${instanceId}/broker`,
  linkSecret: (instanceId: string): string => `instance/${instanceId}/link`,
} as const;
