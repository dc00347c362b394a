import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, onTestFinished, test } from 'vitest'
import * as spine from '../../src/database/migrations/0001-spine.ts'
import { nodeSqliteDialect, openFile } from '../../src/database/node-sqlite.ts'
import { openDatabase } from '../../src/database/open.ts'
import {
  type Database,
  type Disk,
  diskIds,
  type InitiatorId,
  MAX_LUN,
  type RecoveryPoint,
  recoveryPointIds,
  type VolumeGroup,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'

const at = new Date('2026-01-02T03:04:05.678Z')

const newGroup = (name: string): VolumeGroup => ({
  ...{ id: volumeGroupIds.create(), name, project: '/', implicit: false },
  ...{ generation: 1, epoch: 1, labels: { app: 'x' }, createdAt: at },
})

const newDisk = ({ id }: VolumeGroup, name: string, lun = 1): Omit<Disk, 'attachedTo'> => ({
  ...{ id: diskIds.create(), groupId: id, name, lun, generation: 1, createdAt: at },
  sizeBytes: 2n ** 60n + 1n,
  attributes: { class: 'fast' },
  source: undefined,
})

const newPoint = (disk: Omit<Disk, 'attachedTo'>, name: string): RecoveryPoint => ({
  ...{ id: recoveryPointIds.create(), groupId: disk.groupId, name, grouped: true, createdAt: at },
  disks: [{ diskId: disk.id, sizeBytes: disk.sizeBytes }],
  ...{ reason: 'user', expiresAt: at, lockedUntil: undefined, labels: { app: 'x' }, generation: 1 },
})

async function opened() {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-'))
  const path = join(directory, 'element.db')
  const database = await openDatabase(path)
  return {
    ...{ database, directory, path },
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

const schemaOf = (path: string): unknown => {
  using file = new DatabaseSync(path, { readOnly: true })
  return file.prepare('select name, sql from sqlite_master order by name').all()
}

test('a database opened again has the same schema and is the same element', async () => {
  await using first = await opened()
  const before = schemaOf(first.path)
  await using again = await openDatabase(first.path)
  expect(again.elementId).toBe(first.database.elementId)
  expect(schemaOf(first.path)).toEqual(before)
})

test('the first schema becomes the present one with all that is in it, and projects for the paths in use', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, 'element.db')
  await madeByFirstVersion(path)
  await using database = await openDatabase(path)
  const { reader } = database
  const page = { after: undefined, limit: 100 }
  const paths = (await reader.projects({}, page)).map((project) => project.path)
  expect(paths.toSorted()).toEqual(['/', '/a', '/a/b'])
  const [group] = await reader.groups({}, page)
  expect(group).toMatchObject({ name: 'group', project: '/a/b', generation: 3 })
  const attachedTo = ['node']
  expect(await reader.diskNamed('/a/b', 'disk')).toMatchObject({ id: 'disk-1', lun: 1, attachedTo })
  const disks = [{ diskId: 'disk-1', sizeBytes: 7n }]
  expect(await reader.recoveryPointNamed('/a/b', 'point')).toMatchObject({ id: 'rp-1', disks })
  expect(await reader.initiator('node' as InitiatorId)).toMatchObject({ project: '/', chap: { secret: 's' } })
  expect(await reader.operations({}, page)).toHaveLength(1)
  await using fresh = await opened()
  expect(schemaOf(path)).toEqual(schemaOf(fresh.path))
})

/** A database as the first version left it. */
async function madeByFirstVersion(path: string): Promise<void> {
  const file = openFile(path)
  const db = new Kysely<unknown>({ dialect: nodeSqliteDialect(file) })
  const provider = { getMigrations: async () => ({ '0001-spine': spine }) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  expect(error).toBeUndefined()
  file.current.exec(`
    insert into volume_groups values ('vg-1', '/a/b', 'group', 0, 3, 1, 2, 5);
    insert into disks values ('disk-1', 'vg-1', '/a/b', 'disk', 7, 1, '{}', null, null, 1, 5);
    insert into recovery_points values ('rp-1', 'vg-1', '/a/b', 'point', 0, 5);
    insert into recovery_point_disks values ('rp-1', 'disk-1', 0, 7);
    insert into initiators values ('node', 'iqn.a:b', 0, 5, 'u', 's', 'v', 't');
    insert into attachments values ('disk-1', 'node', 0, 0, 5);
    insert into operations values ('op-1', 'k', 's', '[]', 'done', 1, null, '1', '1', null, null, 5, 5);
    insert into idempotency_keys values ('k', 'key', 'h', 'op-1');
  `)
  await db.destroy()
}

test('only its owner can read any of its files', async () => {
  await using file = await opened()
  await file.database.transact((tx) => tx.insertGroup(newGroup('a')))
  const names = await readdir(file.directory)
  expect(names).toContain('element.db-wal')
  for (const name of names) {
    expect((await stat(join(file.directory, name))).mode & 0o077).toBe(0)
  }
})

test('every table is strict', async () => {
  await using file = await opened()
  using direct = new DatabaseSync(file.path, { readOnly: true })
  const tables = direct.prepare("select name, strict from pragma_table_list where schema = 'main'").all()
  const ours = tables.filter(({ name }) => !/^(sqlite|kysely)_/.test(String(name)))
  expect(ours.length).toBeGreaterThan(9)
  expect(ours.every(({ strict }) => strict === 1)).toBe(true)
})

test('entities come back as they went in, sizes beyond 2^53 included', async () => {
  await using file = await opened()
  const { database } = file
  const group = newGroup('a')
  const disk = newDisk(group, 'disk')
  const source = { kind: 'disk', diskId: disk.id } as const
  const clone = { ...newDisk(group, 'clone', 2), source }
  const point = newPoint(disk, 'point')
  const restored = {
    ...newDisk(group, 'restored', 3),
    source: { kind: 'recoveryPoint', recoveryPointId: point.id, diskId: disk.id } as const,
  }
  await database.transact(async (tx) => {
    await tx.insertGroup(group)
    for (const one of [disk, clone, restored]) await tx.insertDisk(one)
    await tx.insertRecoveryPoint(point)
  })
  const { reader } = database
  expect(await reader.group(group.id)).toEqual(group)
  expect(await reader.diskNamed('/', 'disk')).toEqual({ ...disk, attachedTo: [] })
  expect(await reader.disk(clone.id)).toMatchObject({ source })
  expect(await reader.disk(restored.id)).toMatchObject({ source: restored.source })
  expect(await reader.recoveryPoint(point.id)).toEqual(point)
  const manifest = {
    ...{ version: 2, elementId: database.elementId, group, disks: [disk, clone, restored] },
    ...{ recoveryPoints: [point], projects: [await reader.projectAt('/')], policySettings: [], policies: [] },
  }
  expect(await reader.manifest(group.id)).toEqual(manifest)
})

test('a throw takes back the whole transaction, and a rehearsal leaves nothing', async () => {
  await using file = await opened()
  const { database } = file
  const group = newGroup('a')
  const failed = database.transact(async (tx) => {
    await tx.insertGroup(group)
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  const seen = await database.rehearse(async (tx) => {
    await tx.insertGroup(group)
    return tx.group(group.id)
  })
  expect(seen).toEqual(group)
  expect(await database.reader.group(group.id)).toBeUndefined()
})

test('names are unique within a project, and nothing that is held can go', async () => {
  await using file = await opened()
  const { database } = file
  const [one, two] = [newGroup('one'), newGroup('two')]
  const disk = newDisk(one, 'disk')
  await database.transact(async (tx) => {
    for (const group of [one, two]) await tx.insertGroup(group)
    await tx.insertDisk(disk)
    await tx.insertInitiator({
      ...{ id: 'node' as InitiatorId, name: 'iqn.a:b', project: '/', maxAttachments: 0, registeredAt: at },
      chap: { user: 'u', secret: 's', mutual: { user: 'v', secret: 't' } },
    })
    const rights = { readOnly: false, shared: false, grantedAt: at }
    await tx.insertAttachment({ diskId: disk.id, initiatorId: 'node' as InitiatorId, ...rights })
  })
  const broken = /constraint failed/
  await expect(database.transact((tx) => tx.insertGroup(newGroup('one')))).rejects.toThrow(broken)
  await expect(database.transact((tx) => tx.insertDisk(newDisk(two, 'disk')))).rejects.toThrow(broken)
  await expect(database.transact((tx) => tx.deleteGroup(one.id))).rejects.toThrow(broken)
  await expect(database.transact((tx) => tx.deleteDisk(disk.id))).rejects.toThrow(broken)
  await expect(database.transact((tx) => tx.deleteInitiator('node' as InitiatorId))).rejects.toThrow(broken)
})

test('a database that can not be used is told as such', async () => {
  await using file = await opened()
  const inFolder = openDatabase(join(file.path, 'no-folder', 'element.db'))
  await expect(inFolder).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' })
  using other = new DatabaseSync(file.path)
  other.exec('drop table attachments')
  await expect(file.database.reader.grants()).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' })
})

test('ended operations are forgotten by age and by number, with their keys; open ones never', async () => {
  await using file = await opened()
  const { database } = file
  const states = ['done', 'done', 'failed', 'running', 'faulted', 'done'] as const
  const records = states.map((state, index) => ({
    ...{ id: `op-${index}`, kind: 'toy', subject: 's', entities: [], state, committed: false, intent: '1' },
    ...{ step: undefined, result: undefined, failure: undefined, realm: undefined },
    startedAt: new Date(1000 + index),
    endedAt: state === 'done' || state === 'failed' ? new Date(2000 + index) : undefined,
  }))
  const remaining = async () => {
    const found = await database.reader.operations({}, { after: undefined, limit: 10 })
    return found.map(({ id }) => id)
  }
  await database.transact(async (tx) => {
    for (const record of records) await tx.insertOperation(record)
    await tx.insertKey({ kind: 'toy', key: 'k', requestHash: 'h', operationId: 'op-0' })
    await tx.pruneOperations(new Date(2001), 10)
    expect(await tx.key('toy', 'k')).toBeUndefined()
  })
  expect(await remaining()).toEqual(['op-1', 'op-2', 'op-3', 'op-4', 'op-5'])
  await database.transact((tx) => tx.pruneOperations(new Date(0), 1))
  expect(await remaining()).toEqual(['op-3', 'op-4', 'op-5'])
})

/** As the element does it: the number is taken, then the disk is made with it. */
async function makeDisk(database: Database, group: VolumeGroup, name: string): Promise<number> {
  return database.transact(async (tx) => {
    const lun = (await tx.takeLun(group.id)) as number
    await tx.insertDisk(newDisk(group, name, lun))
    return lun
  })
}

test('a LUN is never taken twice at one time, and rests as long as it can after its disk is gone', async () => {
  await using file = await opened()
  const { database } = file
  let groups = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), async (choices) => {
      const group = newGroup(`group-${groups++}`)
      await database.transact((tx) => tx.insertGroup(group))
      const held = new Map<string, number>()
      let last = 0
      for (const [index, choice] of choices.entries()) {
        const names = [...held.keys()]
        if (choice % 3 === 0 && names.length > 0) {
          const name = names[choice % names.length] as string
          const disk = (await database.reader.diskNamed('/', name)) as Disk
          await database.transact((tx) => tx.deleteDisk(disk.id))
          held.delete(name)
        } else {
          const name = `${group.name}-${index}`
          const lun = await makeDisk(database, group, name)
          expect(lun).toBe(last + 1)
          held.set(name, lun)
          last = lun
        }
      }
    }),
    { numRuns: 20 },
  )
})

test('used up, LUNs begin again at the first free one', async () => {
  await using file = await opened()
  const { database } = file
  const group = newGroup('a')
  await database.transact((tx) => tx.insertGroup(group))
  using direct = new DatabaseSync(file.path)
  const skip = (to: number) => direct.prepare('update volume_groups set next_lun = ?').run(to)
  expect(await makeDisk(database, group, 'a')).toBe(1)
  skip(MAX_LUN)
  expect(await makeDisk(database, group, 'b')).toBe(MAX_LUN)
  expect(await makeDisk(database, group, 'c')).toBe(2)
  skip(MAX_LUN)
  expect(await makeDisk(database, group, 'd')).toBe(3)
})

test('a migration that is cut short leaves nothing, so that the next start can do it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-'))
  const path = join(directory, 'element.db')
  try {
    using direct = new DatabaseSync(path)
    direct.exec('create table operations (id text) strict') // in the way of the first migration's later half
    await expect(openDatabase(path)).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' })
    direct.exec('drop table operations')
    await using database = await openDatabase(path)
    expect(await database.reader.groups({}, { after: undefined, limit: 1 })).toEqual([])
  } finally {
    await rm(directory, { recursive: true })
  }
})
