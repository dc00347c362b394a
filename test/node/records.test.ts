import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { NodeRecords, type VolumeRecord } from '../../src/node/records.ts'
import { diskIds, serialOf } from '../../src/volumegroups/index.ts'

let root: string
let records: NodeRecords

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mooring-records-'))
  onTestFinished(() => rm(root, { recursive: true }))
  records = await NodeRecords.open(join(root, 'made', 'here'))
})

const diskId = diskIds.create()
const record: VolumeRecord = {
  version: 1,
  diskId,
  serial: serialOf(diskId),
  stagingPath: '/staging',
  accessType: 'mount',
  accessMode: 'SINGLE_NODE_WRITER',
  fsType: 'xfs',
  mountFlags: ['noatime'],
  readOnly: false,
  attach: 'node',
  phase: 'attaching',
  targets: ['/target'],
}
const file = (): string => join(root, 'made', 'here', `${diskId}.json`)

test('a record is read back, also by the next process, until it is removed', async () => {
  expect(await records.read(diskId)).toBeUndefined()
  await records.write(record)
  await records.write({ ...record, phase: 'staged' })
  const next = await NodeRecords.open(join(root, 'made', 'here'))
  expect(await next.read(diskId)).toEqual({ ...record, phase: 'staged' })
  expect(await next.list()).toEqual([diskId])
  await next.remove(diskId)
  await next.remove(diskId)
  expect(await next.read(diskId)).toBeUndefined()
  expect(await next.list()).toEqual([])
})

test('only root can read it, and nothing else is left beside it', async () => {
  await records.write(record)
  expect((await stat(file())).mode & 0o777).toBe(0o600)
  expect(await readdir(join(root, 'made', 'here'))).toEqual([`${diskId}.json`])
})

test.each([
  ['empty', ''],
  ['cut off', JSON.stringify(record).slice(0, 100)],
  ['of another version', JSON.stringify({ ...record, version: 2 })],
  ['without a field', JSON.stringify({ ...record, stagingPath: undefined })],
  ['with a field that is not known', JSON.stringify({ ...record, more: 1 })],
  ['of another disk', JSON.stringify({ ...record, diskId: diskIds.create() })],
])('a record that is %s names its file, and nothing is guessed', async (_, text) => {
  await writeFile(file(), text)
  await expect(records.read(diskId)).rejects.toMatchObject({
    reason: 'NODE_RECORD_DAMAGED',
    message: expect.stringContaining(file()),
  })
})

test('what a write that was cut off left behind is not taken for a record', async () => {
  await writeFile(`${file()}.new`, 'half')
  expect(await records.read(diskId)).toBeUndefined()
  expect(await records.list()).toEqual([])
})

test('a directory that is gone is an error that the caller can try again after', async () => {
  await rm(join(root, 'made'), { recursive: true })
  await expect(records.write(record)).rejects.toMatchObject({ reason: 'NODE_RECORD_UNWRITABLE' })
})
