import { expect, test } from 'vitest'
import { run } from '../../../src/host/exec.ts'
import { deleteSubvolume } from '../../../src/host/stores/btrfs/commands.ts'
import { layoutOf } from '../../../src/host/stores/btrfs/layout.ts'
import { createBtrfsStore } from '../../../src/host/stores/btrfs/store.ts'
import { createWorld } from '../../fakes/world.ts'
import { temporaryPool } from '../../host/stores/btrfs/temporary-pool.ts'

const MIB = 1024n * 1024n

test('a group whose subvolume was deleted behind its back comes back from its recovery point, under its ids', async () => {
  await using pool = await temporaryPool(256n * MIB)
  const store = createBtrfsStore({ poolPath: pool.path })
  await using world = await createWorld(store)
  const { disk, layout } = await (async () => {
    await using element = await world.boot()
    const made = await element.service.createDisk({
      ...{ name: 'data', project: '/', group: { kind: 'named', name: 'shop' }, attributes: {} },
      size: { requiredBytes: MIB, limitBytes: undefined },
    })
    await run({
      file: 'dd',
      args: [
        'if=/dev/urandom',
        `of=${store.backingPath(made.groupId, made.id)}`,
        'bs=4096',
        'count=1',
        'conv=notrunc,fsync',
      ],
    })
    await element.service.createGroupPoint({ name: 'point', groupId: made.groupId })
    return { disk: made, layout: layoutOf(pool.path, made.groupId) }
  })()
  await run(deleteSubvolume(layout.active))
  expect(await store.inventory()).toMatchObject([{ id: disk.groupId, disks: [], isHeadless: true }])
  {
    await using element = await world.boot()
    expect(element.report?.counts).toMatchObject({ remakeGroup: 1, restoreDisk: 1 })
    expect(await element.service.getDisk(disk.id)).toMatchObject({ id: disk.id, name: 'data' })
    expect(await store.inventory()).toMatchObject([
      { id: disk.groupId, disks: [{ id: disk.id, sizeBytes: MIB }] },
    ])
    expect(await store.readManifest(disk.groupId)).toMatchObject({ disks: [{ id: disk.id }] })
  }
  await using again = await world.boot()
  expect(again.report).toBeUndefined()
})
