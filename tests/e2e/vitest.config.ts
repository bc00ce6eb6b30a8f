import { defineConfig } from 'vitest/config';

/** Journeys through the real studio: in Chromium against the browser host, or in the desktop window. */
export default defineConfig({
  test: {
    root: new URL('../../', import.meta.url).pathname,
    include: ['tests/e2e/**/*.test.ts'],
    pool: 'forks',
    // One browser and one engine at a time, as on a user's machine.
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // A busy machine takes its time; a poll that holds ends at once.
    expect: { poll: { timeout: 30_000 } },
    bail: 0,
  },
});
