import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { initiatorNamed, startCli, type TestCli } from './harness.ts'

let cli: TestCli
beforeEach(async () => {
  cli = await startCli()
})
afterEach(() => cli[Symbol.asyncDispose]())

const DISK = 'disk-00000000-0000-4000-8000-00000000000'
const VG = 'vg-00000000-0000-4000-8000-00000000000'

async function made(...lines: string[]): Promise<void> {
  for (const line of lines) expect(await cli.run(line)).toMatchObject({ code: 0 })
}

test('create makes a disk in a group, says all about it, and twice gives the same one', async () => {
  await made('vg create db')
  const line = "disk create data --vg db --size 10GiB --attribute owner=kim --attribute 'note=a b'"
  const first = await cli.run(line)
  expect(first).toEqual({
    code: 0,
    err: '',
    out: `\
name:         data
size:         10 GiB (10737418240 bytes)
attached to:  -
created:      2026-01-01T00:00:00.000Z (3h ago)
id:           ${DISK}1
vg:           ${VG}2
source:       -
lun:          1
generation:   1
attributes:   owner=kim, note=a b
`,
  })
  expect(await cli.run(line)).toEqual(first)
  expect((await cli.groups.listDisks()).items).toHaveLength(1)
})

describe('list', () => {
  beforeEach(() =>
    made(
      'vg create db',
      'disk create data --vg db --size 10GiB',
      'disk create log --vg db --size 1500MiB',
      'disk create other --size 1MiB',
    ),
  )

  test('is a table for a person', async () => {
    const { code, out } = await cli.run('disk list --vg db', { columns: 120 })
    expect(code).toBe(0)
    expect(out).toBe(`\
NAME     SIZE  ATTACHED TO  AGE  ID                                         VG
data   10 GiB  -             3h  ${DISK}1  ${VG}2
log   1.4 GiB  -             3h  ${DISK}3  ${VG}2
`)
  })

  test('is exact when asked', async () => {
    const { out } = await cli.run('disk list --exact --name log', { columns: 120 })
    expect(out).toBe(`\
NAME        SIZE  ATTACHED TO                       AGE  ID
log   1572864000  -            2026-01-01T00:00:00.000Z  ${DISK}1
`)
  })

  test('is in the words of the API for a program', async () => {
    const { out } = await cli.run('disk list --json --name log')
    expect(JSON.parse(out)).toEqual({
      items: [
        {
          id: `${DISK}1`,
          groupId: `${VG}2`,
          name: 'log',
          sizeBytes: 1_572_864_000,
          lun: 2,
          attributes: {},
          generation: 1,
          createdAt: '2026-01-01T00:00:00.000Z',
          attachedTo: [],
        },
      ],
    })
  })

  test('of nothing is nothing on standard output', async () => {
    expect(await cli.run('disk list --name nobody')).toEqual({ code: 0, out: '', err: 'no disks\n' })
  })
})

describe('a disk by its name', () => {
  beforeEach(() =>
    made(
      'project create /a',
      'disk create data --size 1MiB',
      'disk create data --size 2MiB --project /a',
      'disk create mine --size 3MiB',
    ),
  )

  test('is found when it is the only one', async () => {
    expect((await cli.run('disk show mine')).out).toContain('3 MiB')
  })

  test('is found in its project', async () => {
    expect((await cli.run('disk show data --project /a')).out).toContain('2 MiB')
  })

  test('is refused when it could be another one', async () => {
    expect(await cli.run('disk show data')).toEqual({
      code: 1,
      out: '',
      err: `\
error: several are called data: ${DISK}1, ${DISK}2 (INVALID_ARGUMENT)
next: Use the id of the disk, or say in which --project it is.
`,
    })
  })

  test('is refused when there is none, without a change', async () => {
    expect(await cli.run('disk grow nobody 5MiB')).toMatchObject({ code: 1, out: '' })
    expect(await cli.run('disk create x --vg nobody')).toMatchObject({ code: 1, out: '' })
    expect((await cli.groups.listDisks({ name: 'x' })).items).toEqual([])
  })
})

test('grow makes a disk larger and never smaller', async () => {
  await made('disk create data --size 1GiB')
  expect((await cli.run('disk grow data 2GiB')).out).toContain('2 GiB')
  expect((await cli.run('disk grow data 1GiB')).out).toContain('2 GiB')
  expect(await cli.run('disk grow data 65TiB')).toMatchObject({ code: 1, out: '' })
})

test('clone and restore make disks that say where they are from', async () => {
  await made('vg create db', 'disk create data --vg db --size 2GiB', 'rp create monday --vg db')
  const clone = await cli.run('disk clone data copy --json')
  const [data] = (await cli.groups.listDisks({ name: 'data' })).items
  const [copy] = (await cli.groups.listDisks({ name: 'copy' })).items
  expect(clone.code).toBe(0)
  expect(copy?.source).toEqual({ kind: 'disk', diskId: data?.id })
  expect(JSON.parse(clone.out)).toMatchObject({ name: 'copy', source: { diskId: expect.anything() } })
  await made('disk restore monday back --from db --vg db')
  const [back] = (await cli.groups.listDisks({ name: 'back' })).items
  expect(back).toMatchObject({ groupId: data?.groupId, source: { kind: 'recoveryPoint', diskId: data?.id } })
})

test('restore asks which disk when the recovery point has several', async () => {
  await made('vg create db', 'disk create a --vg db', 'disk create b --vg db', 'rp create monday --vg db')
  const asked = await cli.run('disk restore monday back --from db')
  expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('has 2 disks: name one with --disk') })
  expect(await cli.run('disk restore monday back --from db --disk b')).toMatchObject({ code: 0 })
})

describe('delete', () => {
  beforeEach(() => made('disk create data --size 1GiB'))

  const diskId = async () => (await cli.groups.listDisks({ name: 'data' })).items[0]!.id
  const isThere = async () => (await cli.groups.listDisks({ name: 'data' })).items.length === 1

  test('asks a person, and heeds the answer', async () => {
    expect(await cli.run('disk delete data', { answer: 'n' })).toEqual({
      code: 1,
      out: '',
      err: 'delete disk data? [y/N] nothing was changed\n',
    })
    expect(await isThere()).toBe(true)
    expect(await cli.run('disk delete data', { answer: 'y' })).toMatchObject({ code: 0 })
    expect(await isThere()).toBe(false)
  })

  test('wants --yes from a script', async () => {
    expect(await cli.run('disk delete data')).toEqual({
      code: 2,
      out: '',
      err: 'error: delete disk data: say --yes where nobody is there to be asked\n',
    })
    expect(await isThere()).toBe(true)
    expect(await cli.run('disk delete data --yes')).toMatchObject({ code: 0, out: `deleted disk ${DISK}1\n` })
  })

  test('keeps it for a while: it is listed as deleted, and comes back by its id', async () => {
    const id = await diskId()
    expect(await cli.run('disk delete data --yes --grace 24h')).toMatchObject({ code: 0 })
    expect(await isThere()).toBe(false)
    const { out } = await cli.run('disk list --deleted --json')
    expect(JSON.parse(out).items).toMatchObject([{ kind: 'disk', name: 'data' }])
    expect((await cli.run('disk list --deleted')).out).toMatch(/restorable until/i)
    expect((await cli.run('vg list --deleted')).out).toContain('T')
    expect(await cli.run('disk undelete data')).toMatchObject({ code: 2 })
    expect(await cli.run(`disk undelete ${id} --name again`)).toMatchObject({ code: 0 })
    expect((await cli.groups.listDisks({ name: 'again' })).items).toHaveLength(1)
  })

  test('purges for good what was deleted', async () => {
    const id = await diskId()
    await cli.run('disk delete data --yes --grace 24h')
    expect(await cli.run(`disk purge ${id}`)).toMatchObject({ code: 2 })
    expect(await cli.run(`disk purge ${id} --yes`)).toMatchObject({ code: 0 })
    expect((await cli.groups.listDeleted()).items).toEqual([])
  })

  test('is refused while the disk is attached, and says by whom and what to do', async () => {
    await initiatorNamed(cli, 'node-1')
    await made('attachment grant data node-1')
    const { code, err } = await cli.run('disk delete data --yes')
    expect(code).toBe(1)
    expect(err).toBe(`\
error: ${DISK}1: held by node-1 (DISK_ATTACHED)
next: Detach the disk from the initiator that the error names.
`)
  })
})
