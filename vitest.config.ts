import { defineConfig } from 'vitest/config'

/**
 * Three projects: `unit` needs neither root nor packages and runs everywhere; `real` needs root and the Debian
 * packages, because it works on real btrfs, tgtd, loop devices and mounts; `guest` boots virtual machines, and `inside`
 * runs in one of those (see test/guest). A file says by its name which it is.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{real,guest,inside}.test.ts'],
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
      {
        test: {
          name: 'guest',
          include: ['test/**/*.guest.test.ts'],
          globalSetup: ['test/guest/support/setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: 1, // a guest without hardware help keeps a core busy, and has two
        },
      },
      {
        test: {
          name: 'inside',
          include: ['test/**/*.inside.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          isolate: false, // to load everything anew for each file takes half a minute without hardware help
        },
      },
    ],
  },
})
