export declare function baseImageName(suite: string): string;
export declare function buildBaseImage(suite: string): Promise<void>;
