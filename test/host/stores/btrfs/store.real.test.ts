import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../../src/host/exec.ts'
import { openPool, type Pool } from '../../../../src/host/pool.ts'
import * as commands from '../../../../src/host/stores/btrfs/commands.ts'
import { type GroupLayout, layoutOf, staged } from '../../../../src/host/stores/btrfs/layout.ts'
import { createBtrfsStore } from '../../../../src/host/stores/btrfs/store.ts'
import {
  diskIds,
  type RecoveryPointId,
  recoveryPointIds,
  type Store,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../../../src/volumegroups/index.ts'
import { storeContract } from '../../../contract/store.ts'
import { temporaryPool } from './temporary-pool.ts'

storeContract('btrfs store', async () => {
  const pool = await temporaryPool()
  return {
    store: createBtrfsStore({ poolPath: pool.path }),
    read: async (path, offset, length) => {
      await using file = await open(path, 'r')
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset)
      return buffer
    },
    write: async (path, offset, data) => {
      await using file = await open(path, 'r+')
      await file.write(data, 0, data.length, offset)
      await file.datasync()
    },
    trim: async (path, offset, length) => {
      await run({
        file: 'fallocate',
        args: ['--punch-hole', '-o', String(offset), '-l', String(length), path],
      })
    },
    damageManifest: async (group) => {
      const path = layoutOf(pool.path, group).manifest
      await writeFile(path, (await readFile(path, 'utf8')).replace('"generation": 1', '"generation": 2'))
    },
    quarantined: () => readdir(join(pool.path, 'quarantine')),
    reopen: () => createBtrfsStore({ poolPath: pool.path }),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
})

const SIZE = 8n * 1024n * 1024n

describe('btrfs store', () => {
  let pool: Pool
  let store: Store
  beforeAll(async () => {
    pool = await temporaryPool(256n * 1024n * 1024n)
    store = createBtrfsStore({ poolPath: pool.path })
  })
  afterAll(() => pool?.[Symbol.asyncDispose]())

  const newGroup = async (): Promise<{ id: VolumeGroupId; group: GroupLayout }> => {
    const id = volumeGroupIds.create()
    await store.createGroup(id)
    return { id, group: layoutOf(pool.path, id) }
  }
  const mismatch = { reason: 'IDENTITY_MISMATCH' }

  test('what a crash left staged is never shown, and the next call of the same id gets rid of it', async () => {
    const { id, group } = await newGroup()
    const [disk, point] = [diskIds.create(), recoveryPointIds.create()]
    await writeFile(staged(group.disk(disk)), 'half a clone')
    await writeFile(staged(group.manifest), '{')
    await run(commands.snapshotWritable(group.active, staged(group.point(point))))
    expect(await store.inventory()).toContainEqual({ id, disks: [], recoveryPoints: [] })
    await store.createDisk(id, disk, SIZE)
    await store.createRecoveryPoint(id, point, [disk])
    expect(await readdir(group.points)).toEqual([point])
    expect(await readdir(group.point(point))).toEqual([`${disk}.img`])
    await store.deleteDisk(id, disk)
    await store.deleteRecoveryPoint(id, point)
    await store.deleteGroup(id)
  })

  test('a group that was made or deleted half is not shown; both calls finish it', async () => {
    const id = volumeGroupIds.create()
    await mkdir(layoutOf(pool.path, id).directory)
    expect((await store.inventory()).some((found) => found.id === id)).toBe(false)
    await store.deleteDisk(id, diskIds.create())
    await store.createGroup(id)
    await run(commands.deleteSubvolume(layoutOf(pool.path, id).active))
    await store.deleteGroup(id)
    expect(await readdir(join(pool.path, 'vg'))).not.toContain(id)
  })

  test('a disk that is not a plain file is neither deleted, grown, cloned nor counted as made', async () => {
    const { id, group } = await newGroup()
    const [disk, clone] = [diskIds.create(), diskIds.create()]
    const precious = join(pool.path, 'precious')
    await writeFile(precious, 'precious')
    await symlink(precious, group.disk(disk))
    await expect(store.deleteDisk(id, disk)).rejects.toMatchObject(mismatch)
    await expect(store.growDisk(id, disk, SIZE)).rejects.toMatchObject(mismatch)
    await expect(store.createDisk(id, disk, SIZE)).rejects.toMatchObject(mismatch)
    const source = { kind: 'disk', groupId: id, diskId: disk } as const
    await expect(store.createDisk(id, clone, SIZE, source)).rejects.toMatchObject(mismatch)
    expect(await readFile(precious, 'utf8')).toBe('precious')
    await unlink(group.disk(disk))
  })

  test('a group with anything foreign in it is not deleted', async () => {
    const { id, group } = await newGroup()
    for (const place of [group.active, group.points, group.directory]) {
      const foreign = join(place, 'notes.txt')
      await writeFile(foreign, 'mine')
      await expect(store.deleteGroup(id)).rejects.toMatchObject(mismatch)
      expect(await readFile(foreign, 'utf8')).toBe('mine')
      await unlink(foreign)
    }
    await store.deleteGroup(id)
  })

  test('what is not a recovery point of ours is not deleted', async () => {
    const { id, group } = await newGroup()
    const [directory, writable, foreign] = [1, 2, 3].map(() => recoveryPointIds.create())
    await mkdir(group.point(directory!))
    await expect(store.deleteRecoveryPoint(id, directory!)).rejects.toMatchObject(mismatch)
    await run(commands.snapshotWritable(group.active, group.point(writable!)))
    await expect(store.deleteRecoveryPoint(id, writable!)).rejects.toMatchObject(mismatch)
    await expect(store.createRecoveryPoint(id, writable!, [])).rejects.toMatchObject(mismatch)
    await run(commands.createSubvolume(group.point(foreign!)))
    await writeFile(join(group.point(foreign!), 'notes.txt'), 'mine')
    await run(commands.makeReadOnly(group.point(foreign!)))
    await expect(store.deleteRecoveryPoint(id, foreign!)).rejects.toMatchObject(mismatch)
    expect((await readdir(group.points)).sort()).toEqual([directory, writable, foreign].sort())
  })

  test('a full pool is told as such, and deleting still works', async () => {
    const { id, group } = await newGroup()
    const [disk, other] = [diskIds.create(), diskIds.create()]
    await store.createDisk(id, disk, 128n * 1024n * 1024n)
    await expect(fill(group.disk(disk), pool.path)).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(store.createDisk(id, other, SIZE)).rejects.toMatchObject({ reason: 'NO_SPACE' })
    await store.deleteDisk(id, disk)
    await store.deleteGroup(id)
  })
})

test('what was done is there after a crash of the host', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-crash-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const spec = (name: string) => ({
    imageFile: join(directory, `${name}.img`),
    sizeBytes: 256n * 1024n * 1024n,
    mountPoint: join(directory, name),
  })
  const [group, gone] = [volumeGroupIds.create(), volumeGroupIds.create()]
  const [disk, clone] = [diskIds.create(), diskIds.create()]
  const [all, some, kept] = [1, 2, 3].map(() => recoveryPointIds.create()) as [
    RecoveryPointId,
    RecoveryPointId,
    RecoveryPointId,
  ]
  const source = { kind: 'disk', groupId: group, diskId: disk } as const
  const steps: ((store: Store) => Promise<void>)[] = [
    (store) => store.createGroup(gone),
    (store) => store.createGroup(group),
    (store) => store.createDisk(group, disk, SIZE),
    (store) => store.createRecoveryPoint(group, all, [disk]),
    (store) => store.createDisk(group, clone, SIZE, source),
    (store) => store.createRecoveryPoint(group, some, [disk]),
    (store) => store.growDisk(group, clone, 2n * SIZE),
    (store) => store.revertGroup(group, some, kept),
    (store) => store.quarantine({ kind: 'recoveryPoint', groupId: group, recoveryPointId: kept }),
    (store) => store.deleteDisk(group, disk),
    (store) => store.deleteRecoveryPoint(group, all),
    (store) => store.deleteGroup(gone),
  ]
  const expected: Awaited<ReturnType<Store['inventory']>>[] = []
  {
    await using pool = await openPool(spec('live'))
    const store = createBtrfsStore({ poolPath: pool.path })
    for (const [index, step] of steps.entries()) {
      await step(store)
      // The loop device writes past the page cache, so the image holds now what a disk would hold after a crash.
      await run({ file: 'cp', args: [spec('live').imageFile, spec(`crash-${index}`).imageFile] })
      expected.push(await store.inventory())
    }
  }
  for (const [index, inventory] of expected.entries()) {
    await using pool = await openPool(spec(`crash-${index}`))
    expect(await createBtrfsStore({ poolPath: pool.path }).inventory(), `step ${index}`).toEqual(inventory)
  }
})

async function fill(disk: string, poolPath: string): Promise<void> {
  for (const path of [disk, join(poolPath, 'ballast')]) {
    await using file = await open(path, 'a')
    const chunk = Buffer.alloc(1024 * 1024, 1)
    for (let written = 0; written < 256; written++) await file.appendFile(chunk)
    await file.sync()
  }
}
