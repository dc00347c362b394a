import { defineConfig } from 'vitest/config'

/**
 * Two projects: `unit` needs neither root nor packages and runs everywhere; `real` needs root and the Debian
 * packages, because it works on real btrfs, tgtd, loop devices and mounts. A file says by its name which it is.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.real.test.ts'],
          testTimeout: 20_000,
          maxWorkers: 2, // left out, vitest leaves one core of two idle
          isolate: false, // files share what they import: half the time, and no module here keeps state
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/**/*.real.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
