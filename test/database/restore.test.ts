import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createBackupFolder } from '../../src/database/backups.ts'
import { openDatabase } from '../../src/database/open.ts'
import { restoreDatabase } from '../../src/database/restore.ts'
import { projectIds, type Transactor } from '../../src/volumegroups/index.ts'

async function element() {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const databasePath = join(folder, 'element.db')
  const directory = join(folder, 'backups')
  const backups = createBackupFolder({ databasePath, directory, keep: 3 })
  const elementId = await visit(databasePath, async (database) => {
    await database.transact((tx) => addProject(tx, '/before'))
    return database.elementId
  })
  const file = join(directory, (await backups.create('user')).name)
  await visit(databasePath, (database) => database.transact((tx) => addProject(tx, '/after')))
  return { folder, databasePath, file, elementId }
}

const addProject = (tx: Transactor, path: string): Promise<void> =>
  tx.insertProject({ id: projectIds.create(), path, generation: 1, createdAt: new Date() })

async function visit<Seen>(
  path: string,
  look: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<Seen>,
): Promise<Seen> {
  await using database = await openDatabase(path)
  return await look(database)
}

const pathsIn = (path: string): Promise<string[]> =>
  visit(path, async ({ reader }) =>
    (await reader.projects({}, { after: undefined, limit: 9 })).map((project) => project.path).toSorted(),
  )

test('the database is what it was when the backup was made, and the former one is beside it', async () => {
  const { databasePath, file, elementId } = await element()
  const { keptAs, ...facts } = await restoreDatabase({ databasePath, file })
  expect(facts).toMatchObject({ elementId })
  expect((await stat(databasePath)).mode & 0o777).toBe(0o600)
  expect(await pathsIn(databasePath)).toEqual(['/', '/before'])
  expect(await pathsIn(keptAs!)).toEqual(['/', '/after', '/before'])
})

test('it is refused while an element has the database open, and changes nothing', async () => {
  const { databasePath, file } = await element()
  await visit(databasePath, async (database) => {
    await expect(restoreDatabase({ databasePath, file })).rejects.toMatchObject({ reason: 'ELEMENT_RUNNING' })
    await database.transact((tx) => addProject(tx, '/still-works'))
  })
  expect(await pathsIn(databasePath)).toContain('/still-works')
})

test('the backup of another element is refused unless that element is named', async () => {
  const [one, other] = [await element(), await element()]
  const swap = { databasePath: one.databasePath, file: other.file }
  const refusal = { reason: 'BACKUP_UNUSABLE', message: expect.stringContaining(one.elementId) }
  await expect(restoreDatabase(swap)).rejects.toMatchObject(refusal)
  await expect(restoreDatabase({ ...swap, elementId: one.elementId })).rejects.toMatchObject(refusal)
  expect(await pathsIn(one.databasePath)).toContain('/after')
  await restoreDatabase({ ...swap, elementId: other.elementId })
  expect(await visit(one.databasePath, async ({ elementId }) => elementId)).toBe(other.elementId)
})

test('with no database at all the backup takes its place; in that of an unreadable one only by the id', async () => {
  const { databasePath, file, elementId } = await element()
  await writeFile(databasePath, 'this was a database')
  await expect(restoreDatabase({ databasePath, file })).rejects.toMatchObject({ reason: 'BACKUP_UNUSABLE' })
  await rm(databasePath)
  expect((await restoreDatabase({ databasePath, file })).keptAs).toBeUndefined()
  await writeFile(databasePath, 'this was a database')
  await writeFile(`${databasePath}-wal`, 'and what was added to it')
  const { keptAs } = await restoreDatabase({ databasePath, file, elementId })
  expect(await readFile(keptAs!, 'utf8')).toBe('this was a database')
  expect(await readdir(join(databasePath, '..'))).not.toContain('element.db-wal')
  expect(await pathsIn(databasePath)).toEqual(['/', '/before'])
})

test('a damaged, newer or foreign file is refused, and the database stays', async () => {
  const { databasePath, file } = await element()
  using copy = new DatabaseSync(file)
  copy.exec("insert into kysely_migration values ('9999-later', 'now')")
  await expect(restoreDatabase({ databasePath, file })).rejects.toThrow('9999-later')
  await truncate(file, (await stat(file)).size / 2)
  await expect(restoreDatabase({ databasePath, file })).rejects.toMatchObject({ reason: 'BACKUP_UNUSABLE' })
  await writeFile(file, 'no database')
  await expect(restoreDatabase({ databasePath, file })).rejects.toMatchObject({ reason: 'BACKUP_UNUSABLE' })
  expect(await pathsIn(databasePath)).toEqual(['/', '/after', '/before'])
})
