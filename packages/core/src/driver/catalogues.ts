function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A manifest whose catalogues lie in files of their own, `parameters/<version>.json` beside it: puts each into the version of its
 * name that brings none. Nothing is checked; {@link parseManifest} does.
 * @param catalogues by the version's name
 */
export function withCatalogues(manifest: unknown, catalogues: Readonly<Record<string, unknown>>): unknown {
  if (!isObject(manifest) || !Array.isArray(manifest.versions)) return manifest;
  const versions = manifest.versions.map((version: unknown) => {
    if (!isObject(version) || typeof version.name !== 'string' || 'parameters' in version) return version;
    const parameters = catalogues[version.name];
    return parameters === undefined ? version : { ...version, parameters };
  });
  return { ...manifest, versions };
}
