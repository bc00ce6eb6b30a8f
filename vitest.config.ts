import { defineConfig } from 'vitest/config';

/** Everything but the end-to-end journeys, which have a configuration of their own. */
export default defineConfig({
  test: {
    include: ['tests/{unit,engine,contract,flows}/**/*.test.ts'],
    globalSetup: ['tests/helpers/build-kernels.ts'],
    // Flows start processes of their own; two at a time leave a small machine able to answer.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
