import { defineConfig } from 'vitest/config';

const project = (name: string, options: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...options },
});

export default defineConfig({
  test: {
    projects: [
      // The time-out catches a hang, it judges no speed: machines may be busy.
      project('unit', { testTimeout: 60_000 }),
      // Real processes and real clocks: one file at a time, so that suites don't compete for cores.
      project('integration', { fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 }),
      project('browser', { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 }),
      project('e2e', { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 }),
    ],
  },
});
