export declare class Stop extends Error {}
/** Runs `work`, shows that it is alive and how long it took. */
export declare function step<T>(name: string, work: (note: (line: string) => void) => Promise<T>): Promise<T>;
