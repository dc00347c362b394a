import { expect, test } from 'vitest'
import { addDisk, MiB, refused } from '../contract/volume-groups/helpers.ts'
import { volumeGroupsContract } from '../contract/volume-groups.ts'
import { FakeVolumeGroups } from './fake-volume-groups.ts'

volumeGroupsContract('fake', async () => ({
  groups: new FakeVolumeGroups(),
  [Symbol.asyncDispose]: async () => {},
}))

test('a full pool refuses more', async () => {
  const groups = new FakeVolumeGroups({ totalBytes: 20n * MiB })
  await addDisk(groups, 'a')
  await refused(addDisk(groups, 'b'), 'NO_SPACE')
  expect(await groups.capacity()).toMatchObject({ availableBytes: 4n * MiB, maximumDiskBytes: 4n * MiB })
})
