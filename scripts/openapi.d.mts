/** The document, as it stands in packages/core/openapi.json. */
export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
}
export const SOURCE: string;
export function bundle(folder?: string): OpenApiDocument;
export function lint(document: OpenApiDocument): Promise<string[]>;
export function generate(document: OpenApiDocument): Promise<Record<string, string>>;
export function findStale(files: Record<string, string>): string[];
