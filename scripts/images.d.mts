/** An image by its recipe: there, pulled from a registry that answers, or built from the machine's own Debian mirror. */
export function ensureImage(name: string): Promise<void>;
/** Images by their recipes, some side by side; those of databases are saved for guests too. @returns the folder of the archives. */
export function ensureImages(names: readonly string[]): Promise<string>;
/** The guest's base: engine, tools and Node, everything but the agent. */
export function ensureGuestBase(node: string): Promise<string>;
/** The guest image with its agent, one layer over the base. */
export function buildGuestImage(options: { node: string; agentFile: string }): Promise<string>;
/** Saves a database image once on the host. @returns the folder of the archive. */
export function saveImage(reference: string, dir?: string): Promise<string>;
export function archiveName(reference: string): string;
