import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../../src/host/exec.ts'
import type { Pool } from '../../../../src/host/pool.ts'
import * as commands from '../../../../src/host/stores/btrfs/commands.ts'
import { layoutOf, staged } from '../../../../src/host/stores/btrfs/layout.ts'
import { createBtrfsStore } from '../../../../src/host/stores/btrfs/store.ts'
import { diskIds, recoveryPointIds, type Store, volumeGroupIds } from '../../../../src/volumegroups/index.ts'
import { temporaryPool } from './temporary-pool.ts'

const SIZE = 8n * 1024n * 1024n
let pool: Pool
let store: Store
beforeAll(async () => {
  pool = await temporaryPool(256n * 1024n * 1024n)
  store = createBtrfsStore({ poolPath: pool.path })
})
afterAll(() => pool?.[Symbol.asyncDispose]())

/** A group with a recovery point, and the places in it. */
async function newGroup() {
  const [id, disk, point] = [volumeGroupIds.create(), diskIds.create(), recoveryPointIds.create()]
  await store.createGroup(id)
  await store.createDisk(id, disk, SIZE)
  await store.createRecoveryPoint(id, point, [disk])
  return { id, disk, point, group: layoutOf(pool.path, id) }
}

test('a revert that was interrupted while it was made ready is made ready anew', async () => {
  const { id, point, group } = await newGroup()
  await run(commands.createSubvolume(staged(group.active)))
  const keepAs = recoveryPointIds.create()
  await store.revertGroup(id, point, keepAs)
  expect(await store.inventory()).toContainEqual(
    expect.objectContaining({ id, recoveryPoints: [point, keepAs].sort() }),
  )
})

test('a revert that was interrupted in the switch is finished by whatever call comes next', async () => {
  const nextCalls = [
    () => store.inventory(),
    ({ id }: { id: Parameters<Store['readManifest']>[0] }) => store.readManifest(id),
    ({ id }: { id: Parameters<Store['createGroup']>[0] }) => store.createGroup(id),
  ]
  for (const nextCall of nextCalls) {
    const { id, disk, point, group } = await newGroup()
    await run(commands.snapshotWritable(group.point(point), staged(group.active)))
    await rename(group.active, group.previous)
    await nextCall({ id })
    expect(await store.inventory()).toContainEqual({
      id,
      disks: [{ id: disk, sizeBytes: SIZE }],
      recoveryPoints: [point],
    })
    await store.revertGroup(id, point, recoveryPointIds.create())
  }
})

test('a group with leftovers of a revert can be deleted', async () => {
  const { id, disk, point, group } = await newGroup()
  await run(commands.snapshotWritable(group.active, group.previous))
  await run(commands.snapshotWritable(group.active, staged(group.active)))
  await store.deleteDisk(id, disk)
  await store.deleteRecoveryPoint(id, point)
  await store.deleteGroup(id)
  expect((await store.inventory()).some((found) => found.id === id)).toBe(false)
})

test('a revert that would lose what Mooring did not make is refused', async () => {
  const { id, point, group } = await newGroup()
  await writeFile(join(group.active, 'notes.txt'), 'mine')
  const revert = store.revertGroup(id, point, recoveryPointIds.create())
  await expect(revert).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
})
