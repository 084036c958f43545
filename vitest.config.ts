import { defineConfig } from 'vitest/config';

// The time-out catches a hang, it judges no speed: machines may be busy. `npm run test:soak` takes as long as it takes.
const longest = (ms: number) => (process.env.SIGPROF_SOAK === '1' ? 1_200_000 : ms);

const project = (name: string, options: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...options },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', { testTimeout: 60_000 }),
      // Real processes and real clocks: one file at a time, so that suites don't compete for cores.
      project('integration', {
        fileParallelism: false,
        testTimeout: longest(60_000),
        hookTimeout: longest(120_000),
      }),
      project('browser', { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 }),
      project('e2e', { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 }),
    ],
  },
});
