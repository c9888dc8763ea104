/** Makes the agent one file with everything inside, as guest images carry it. */
export function bundleAgent(outFile: string): Promise<{ path: string; sha256: string; bytes: number }>;
