/** What a database did not take, for its owner; undefined where it took everything. */
export function rejectedSentence(rejected: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(rejected);
  if (entries.length === 0) return undefined;
  const said = entries.map(([name, reason]) => `${name}: ${reason.replace(/\.$/, '')}`).join('; ');
  return `The database did not take ${entries.length === 1 ? 'a parameter' : `${entries.length} parameters`}: ${said}.`;
}
