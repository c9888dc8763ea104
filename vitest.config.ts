import { defineConfig } from 'vitest/config';

// Workspace packages are resolved from their sources, so no test ever meets a stale build. Nothing else belongs in this list:
// vitest hands it to node, which applies it to every require() too, and `import` would give ES modules to CommonJS packages.
const conditions = ['@coffer/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-run.ts'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
  },
});
