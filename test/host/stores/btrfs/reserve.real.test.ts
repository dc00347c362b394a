import { randomBytes } from 'node:crypto'
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createBtrfsStore } from '../../../../src/host/stores/btrfs/store.ts'
import { diskIds, type Manifest, volumeGroupIds } from '../../../../src/volumegroups/index.ts'
import { temporaryPool } from './temporary-pool.ts'

/** Of a group with so many disks that it needs blocks of its own. */
function largeManifest(id: Manifest['group']['id']): Manifest {
  const createdAt = new Date(0)
  const group = {
    id,
    name: 'g',
    project: '/',
    implicit: false,
    generation: 1,
    epoch: 1,
    labels: {},
    createdAt,
  }
  const disks = Array.from({ length: 400 }, (_, index) => ({
    ...{ id: diskIds.create(), groupId: id, name: `disk ${index}`, sizeBytes: 1n, lun: index + 1 },
    ...{ attributes: {}, source: undefined, generation: 1, createdAt },
  }))
  const nothing = { projects: [], recoveryPoints: [], policySettings: [], policies: [] }
  return { version: 2, elementId: undefined, group, disks, ...nothing }
}

test('a manifest can be written into a full pool, and space is set aside again once there is some', async () => {
  await using pool = await temporaryPool(256n * 1024n ** 2n)
  const store = createBtrfsStore({ poolPath: pool.path })
  const [group, ballast] = [volumeGroupIds.create(), join(pool.path, 'ballast')]
  await store.createGroup(group)
  await store.writeManifest(largeManifest(group))
  expect(await readdir(pool.path)).toContain('reserve')
  await fill(ballast)
  const changed = largeManifest(group)
  await store.writeManifest(changed)
  expect(await store.readManifest(group)).toEqual(changed)
  expect(await readdir(pool.path)).not.toContain('reserve')
  await rm(ballast)
  await expect
    .poll(async () => {
      await store.writeManifest(changed)
      return readdir(pool.path)
    })
    .toContain('reserve')
})

/** Until not one block more fits. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, 'wx')
  for (const size of [1024 ** 2, 4096]) {
    for (let full = false; !full; ) {
      full = await file.appendFile(randomBytes(size)).then(
        () => file.datasync().then(() => false),
        (error) => error.code === 'ENOSPC',
      )
    }
  }
}
