import { defineConfig } from 'vitest/config';

// Workspace packages are resolved from their sources, so no test ever meets a stale build.
const conditions = ['@coffer/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
  },
});
