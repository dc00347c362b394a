import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/database/open.ts'

const ANSWER_WITHIN_MS = 10_000

async function opened() {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-'))
  const path = join(folder, 'element.db')
  const faults: string[] = []
  const database = await openDatabase(path, { faulted: ({ message }) => faults.push(message) })
  onTestFinished(async () => {
    await database[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  return { database, path, faults, prove: () => database.prove(ANSWER_WITHIN_MS) }
}

const unusable = (why: RegExp) => ({ reason: 'DATABASE_UNAVAILABLE', message: expect.stringMatching(why) })

/** What another process reads. */
function proofsIn(path: string): unknown {
  using file = new DatabaseSync(path, { readOnly: true })
  return file.prepare('select proofs from authority').get()?.proofs
}

test('a proof is one small change, there for everybody when it returns', async () => {
  const { path, prove, faults } = await opened()
  const before = Number(proofsIn(path))
  await prove()
  expect(proofsIn(path)).toBe(before + 1)
  expect(faults).toEqual([])
})

test('nothing is proven by a database that is gone, and when it is back it is', async () => {
  const { path, prove, faults } = await opened()
  await rename(path, `${path}.away`)
  await expect(prove()).rejects.toMatchObject(unusable(/its file is gone/))
  expect(faults).toHaveLength(1)
  await rename(`${path}.away`, path)
  await prove()
})

test('another file in its place proves nothing, though the open one could still be written', async () => {
  const { path, prove } = await opened()
  await rename(path, `${path}.away`)
  await writeFile(path, await readFile(`${path}.away`))
  await expect(prove()).rejects.toMatchObject(unusable(/replaced/))
})

test('nothing is proven while another program holds it', async () => {
  const { path, prove } = await opened()
  {
    using other = new DatabaseSync(path)
    other.exec('begin immediate')
    await expect(prove()).rejects.toMatchObject(unusable(/another program has locked it/))
  }
  await prove()
})

test('a damaged database that failed once is looked through before it is trusted again', async () => {
  const { database, path, prove, faults } = await opened()
  const page = Buffer.alloc(4096)
  {
    using other = new DatabaseSync(path)
    other.exec('pragma wal_checkpoint(truncate)')
  }
  await using file = await open(path, 'r+')
  const at = await rootOf(path, 'disks')
  await file.read(page, 0, page.length, at)
  await file.write(Buffer.alloc(page.length, 0xff), 0, page.length, at)
  await database.reader.disks({}, { after: undefined, limit: 1 }).catch(() => {})
  expect(faults.at(-1)).toMatch(/it is damaged/)
  await expect(prove()).rejects.toMatchObject(unusable(/it is damaged/))
  await expect(prove()).rejects.toMatchObject(unusable(/it is damaged/))
  await file.write(page, 0, page.length, at)
  await prove()
  expect(await database.reader.disks({}, { after: undefined, limit: 1 })).toEqual([])
})

async function rootOf(path: string, table: string): Promise<number> {
  using file = new DatabaseSync(path, { readOnly: true })
  const row = file.prepare('select rootpage from sqlite_master where name = ?').get(table)
  return (Number(row?.rootpage) - 1) * 4096
}

test('a broken constraint is a defect, and no doubt about the database', async () => {
  const { database, faults } = await opened()
  const insert = () => database.transact((tx) => tx.deleteProject('no such project' as never))
  await insert()
  await expect(
    database.transact(async (tx) => {
      const group = { id: 'vg-1', name: 'x', project: '/no/such' }
      await tx.insertGroup({ ...group, generation: 1, epoch: 1, createdAt: new Date(0) } as never)
    }),
  ).rejects.not.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' })
  expect(faults).toEqual([])
})
