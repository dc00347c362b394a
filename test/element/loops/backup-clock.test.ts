import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createBackupClock } from '../../../src/element/loops/backup-clock.ts'
import type { Backup, BackupFolder, BackupReason } from '../../../src/volumegroups/index.ts'

const HOUR_MS = 3_600_000

function startClock() {
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const kept: Backup[] = []
  const backups: BackupFolder = {
    create: async (reason: BackupReason) => {
      const backup = { name: `${kept.length}`, reason, createdAt: new Date(nowMs), sizeBytes: 1n }
      kept.push(backup)
      return backup
    },
    list: async () => kept,
  }
  const log = pino({ level: 'silent' })
  const options = { backups, everyMs: HOUR_MS, log, now: () => new Date(nowMs), lookMs: Infinity }
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { clock: createBackupClock(options), backups, pass, made: () => kept.map(({ reason }) => reason) }
}

test('a backup is made when the newest of its own is too old, whatever was made by hand', async () => {
  const { clock, backups, pass, made } = startClock()
  await clock.tick()
  await clock.tick()
  expect(made()).toEqual(['schedule'])
  pass(HOUR_MS - 1)
  await backups.create('user')
  await clock.tick()
  expect(made()).toEqual(['schedule', 'user'])
  pass(1)
  await clock.tick()
  expect(made()).toEqual(['schedule', 'user', 'schedule'])
})

test('a clock that is set back keeps no backup waiting', async () => {
  const { clock, pass, made } = startClock()
  await clock.tick()
  pass(-24 * HOUR_MS)
  await clock.tick()
  expect(made()).toEqual(['schedule', 'schedule'])
})
