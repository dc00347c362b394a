import { expect, test } from 'vitest'
import type { Retention, SnapshotSettings, StorageError } from '../../../src/volumegroups/index.ts'
import { checkPolicy } from '../../../src/volumegroups/policies/check.ts'

const RETENTION: Retention = {
  ...{ newest: 0, hourly: 24, daily: 7, weekly: 0, monthly: 0, yearly: 0 },
  ...{ timeZone: 'Europe/Berlin', minimumKept: 2 },
}
const SNAPSHOT: SnapshotSettings = {
  kind: 'snapshot',
  schedules: [
    { kind: 'cron', cron: '0 * * * *', timeZone: 'Europe/Berlin' },
    { kind: 'interval', everyMs: 60_000 },
  ],
  retention: RETENTION,
  lockMs: 0,
}
const NAMED = { name: 'gold', project: '/' }

function faultsOf(check: () => void): string[] {
  try {
    check()
    return []
  } catch (error) {
    return (error as StorageError).violations.map(({ field }) => field)
  }
}

test('a sound policy passes', () => {
  checkPolicy({ ...NAMED, ...SNAPSHOT })
  checkPolicy({ ...NAMED, kind: 'protection', remote: 'west', rpoMs: 60_000, remoteRetention: RETENTION })
})

test('every fault is told at once, by field', () => {
  const faults = faultsOf(() =>
    checkPolicy({
      ...{ name: '', project: 'a', kind: 'snapshot', lockMs: -1 },
      schedules: [
        { kind: 'cron', cron: '0 0 30 2 *', timeZone: 'UTC' },
        { kind: 'cron', cron: '* * * * * *', timeZone: 'UTC' },
        { kind: 'cron', cron: '0 0 * * *', timeZone: 'Mars' },
        { kind: 'interval', everyMs: 59_999 },
      ],
      retention: { ...RETENTION, hourly: 0, daily: 0, minimumKept: 1.5, timeZone: '+01:00' },
    }),
  )
  expect(faults).toEqual([
    ...[
      'name',
      'project',
      'schedules.0.cron',
      'schedules.1.cron',
      'schedules.2.timeZone',
      'schedules.3.everyMs',
    ],
    ...['retention.minimumKept', 'retention', 'retention.timeZone', 'lockMs'],
  ])
})

test('a policy without a schedule, or a protection without a remote, is refused', () => {
  expect(faultsOf(() => checkPolicy({ ...NAMED, ...SNAPSHOT, schedules: [] }))).toEqual(['schedules'])
  const protection = { kind: 'protection', remote: '', rpoMs: 0, remoteRetention: RETENTION } as const
  expect(faultsOf(() => checkPolicy({ ...NAMED, ...protection }))).toEqual(['remote', 'rpoMs'])
})
