import { expect, test } from 'vitest'
import { diskIds, recoveryPointIds, volumeGroupIds } from '../../../src/volumegroups/index.ts'
import { straysOf } from '../../../src/volumegroups/rules/strays.ts'
import { createMemoryStore } from '../../fakes/memory-store.ts'

const SIZE = 1024n * 1024n

test('what nobody knows of is named once, can be put aside, and what is known stays', async () => {
  const store = createMemoryStore()
  const [group, stranger] = [volumeGroupIds.create(), volumeGroupIds.create()]
  const [disk, lostDisk, hidden] = [diskIds.create(), diskIds.create(), diskIds.create()]
  const [point, lostPoint] = [recoveryPointIds.create(), recoveryPointIds.create()]
  for (const id of [group, stranger]) await store.createGroup(id)
  for (const id of [disk, lostDisk]) await store.createDisk(group, id, SIZE)
  await store.createDisk(stranger, hidden, SIZE)
  for (const id of [point, lostPoint]) await store.createRecoveryPoint(group, id, [disk])
  const known = { groups: new Set([group]), disks: new Set([disk]), recoveryPoints: new Set([point]) }

  const strays = straysOf(await store.inventory(), known)
  expect(strays).toEqual([
    { kind: 'disk', groupId: group, diskId: lostDisk },
    { kind: 'recoveryPoint', groupId: group, recoveryPointId: lostPoint },
    { kind: 'volumeGroup', groupId: stranger },
  ])
  for (const stray of strays) await store.quarantine(stray)
  const kept = { id: group, disks: [{ id: disk, sizeBytes: SIZE }], recoveryPoints: [point] }
  expect(await store.inventory()).toEqual([kept])
  expect(straysOf(await store.inventory(), known)).toEqual([])
})
