/** Every image that is built here, by its name with its tag. */
export const RECIPES: Readonly<Record<string, { name: string; suite: string; args: Record<string, string> }>>;
/** The images of a datastore, the newest version first. */
export function imagesOf(datastore: string): string[];
/** For `start` what it shows, for `test` the newest version of everything, for `full` all. */
export function imagesFor(need: 'start' | 'test' | 'full'): string[];
/** True for an image that guests load. */
export function isDatabase(image: string): boolean;
