import { expect, test } from 'vitest'
import { FakeCaller } from '../fakes/csi-controller.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { faultedOn } from '../fakes/faulted-operations.ts'

test('only volumes with which something is wrong are listed, in pages of any size', async () => {
  const groups = new FakeVolumeGroups()
  const caller = new FakeCaller(groups, 'controller', true)
  const volumes: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) volumes.push(await caller.volume(name))
  expect(await caller.call('ControllerListVolumeHealth')).toEqual({ entries: [], nextToken: '' })
  const [, b, , d, e] = volumes
  faultedOn(groups, [[b!], [d!, 'vg-x'], [e!, d!], ['disk-that-is-gone']])
  const all = await caller.call('ControllerListVolumeHealth')
  expect(all.entries.map(({ volumeId }) => volumeId)).toEqual([b, d, e])
  expect(all.entries.every(({ healthStatuses }) => healthStatuses.length === 1)).toBe(true)
  for (const maxEntries of [1, 2, 3]) {
    const found: string[] = []
    let startingToken = ''
    do {
      const page = await caller.call('ControllerListVolumeHealth', { maxEntries, startingToken })
      expect(page.entries.length).toBeLessThanOrEqual(maxEntries)
      found.push(...page.entries.map(({ volumeId }) => volumeId))
      startingToken = page.nextToken
    } while (startingToken !== '')
    expect(found).toEqual([b, d, e])
  }
})

test('a token that no list gave out is refused, and so is a negative count', async () => {
  const caller = new FakeCaller(new FakeVolumeGroups(), 'controller', true)
  await caller.refuses('ControllerListVolumeHealth', { startingToken: 'x' }, 10, /^PAGE_TOKEN_INVALID: /)
  await caller.refuses('ControllerListVolumeHealth', { maxEntries: -1 }, 3, /max_entries is negative/)
})
