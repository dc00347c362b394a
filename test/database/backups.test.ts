import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createBackupFolder } from '../../src/database/backups.ts'
import { checkCopy } from '../../src/database/copy-database.ts'
import { SCHEMA_VERSIONS } from '../../src/database/migrations.ts'
import { openDatabase } from '../../src/database/open.ts'
import { volumeGroupIds } from '../../src/volumegroups/index.ts'

async function opened(keep = 3) {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-'))
  const databasePath = join(folder, 'element.db')
  const database = await openDatabase(databasePath)
  onTestFinished(async () => {
    await database[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const directory = join(folder, 'backups')
  const backups = createBackupFolder({ databasePath, directory, keep })
  return { database, directory, backups, folder }
}

const addGroup = (database: Awaited<ReturnType<typeof openDatabase>>, name: string): Promise<void> =>
  database.transact((tx) =>
    tx.insertGroup({
      ...{ id: volumeGroupIds.create(), name, project: '/', implicit: false },
      ...{ generation: 1, epoch: 1, labels: {}, createdAt: new Date() },
    }),
  )

test('a copy made under writes is whole: every commit before it, none torn, and it opens by itself', async () => {
  const { database, directory, backups } = await opened()
  let written = 0
  let atEnd = false
  const writing = (async () => {
    for (; !atEnd; written += 1) {
      await addGroup(database, `group-${written}`)
      await new Promise(setImmediate) // lets others run: the database itself never waits
    }
  })()
  while (written < 20) await new Promise(setImmediate)
  const before = written
  const { name, sizeBytes } = await backups.create('user')
  const after = written + 1
  atEnd = true
  await writing
  const path = join(directory, name)
  expect(checkCopy(path)).toEqual({ elementId: database.elementId, schemaVersion: SCHEMA_VERSIONS.at(-1) })
  using copy = new DatabaseSync(path, { readOnly: true })
  const names = copy.prepare('select name from volume_groups order by created_at_ms, rowid').all()
  expect(names.map((row) => row.name)).toEqual(names.map((_, index) => `group-${index}`))
  expect(names.length).toBeGreaterThanOrEqual(before)
  expect(names.length).toBeLessThanOrEqual(after)
  expect(await readdir(directory)).toEqual([name])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(BigInt((await stat(path)).size)).toBe(sizeBytes)
})

test('of each reason so many are kept, and what is not a backup is left alone', async () => {
  const { directory, backups } = await opened(2)
  const made = []
  for (const reason of ['user', 'schedule', 'schedule', 'schedule'] as const)
    made.push(await backups.create(reason))
  await writeFile(join(directory, 'notes.txt'), 'mine')
  made.push(await backups.create('schedule'))
  expect(await backups.list()).toEqual([made[0], made[3], made[4]])
  expect(await readdir(directory)).toContain('notes.txt')
})

test('a call for one that is being made joins it, any other is told to wait', async () => {
  const { backups } = await opened()
  const [first, same, other] = await Promise.allSettled([
    backups.create('user', 'key'),
    backups.create('user', 'key'),
    backups.create('user'),
  ])
  expect(same).toEqual(first)
  expect(other).toMatchObject({ reason: { reason: 'ENTITY_BUSY' } })
})

test('one that fails leaves nothing, and what an interrupted one left goes with the next', async () => {
  const { directory, backups, folder } = await opened()
  await backups.create('user')
  await writeFile(join(directory, 'element-x.db.partial'), 'half')
  const broken = createBackupFolder({ databasePath: join(folder, 'none.db'), directory, keep: 3 })
  await expect(broken.create('user')).rejects.toMatchObject({ reason: 'BACKUP_FAILED' })
  expect(await readdir(directory)).toHaveLength(1)
  const late = createBackupFolder({
    databasePath: join(folder, 'element.db'),
    directory,
    keep: 3,
    limitMs: 0,
  })
  await expect(late.create('user')).rejects.toMatchObject({ reason: 'BACKUP_FAILED' })
  expect(await readdir(directory)).toHaveLength(1)
})
