import { defineConfig } from 'vitest/config';

// Workspace packages are resolved from their sources, so no test ever meets a stale build. Nothing else belongs in this list:
// vitest hands it to node, which applies it to every require() too, and `import` would give ES modules to CommonJS packages.
const conditions = ['@coffer/source'];

/** Tests that start containers, build packages or run other people's programs: one file at a time, after everything quick. */
const HEAVY = [
  'test/workspace.test.ts',
  'test/embedding.test.ts',
  'test/images/**/*.test.ts',
  'test/engine.test.ts',
  'test/clouds.test.ts',
  'test/crash/**/*.test.ts',
  'test/transport.test.ts',
  'test/faults/**/*.test.ts',
  'test/broker.test.ts',
  'test/scale.test.ts',
  'test/drivers/**/*.test.ts',
  'test/clients/**/*.test.ts',
  'test/e2e/**/*.test.ts',
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    globalSetup: ['test/support/postgres-run.ts'],
    setupFiles: ['test/support/patience.ts'],
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: HEAVY,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'machine',
          include: HEAVY,
          fileParallelism: false,
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
