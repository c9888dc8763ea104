/**
 * Makes the agent one file with everything inside, as guest images carry it; `entry` is another program around the same
 * agent.
 */
export function bundleAgent(outFile: string, entry?: string): Promise<{ path: string; sha256: string; bytes: number }>;
