import pino from 'pino'
import { expect, test } from 'vitest'
import { createPurger } from '../../../src/element/loops/purger.ts'
import {
  type DeletedThing,
  type DiskId,
  diskIds,
  type PoolState,
  StorageError,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'

const NOW = new Date('2026-01-02T00:00:00Z')
const HOUR_MS = 3_600_000

function deleted(kind: DeletedThing['kind'], leftMs: number): DeletedThing {
  const groupId = volumeGroupIds.create()
  const id = kind === 'disk' ? diskIds.create() : groupId
  const restorableUntil = new Date(NOW.getTime() + leftMs)
  return { kind, id, groupId, name: 'a', project: '/', deletedAt: NOW, restorableUntil, reason: 'user' }
}

/** A purger over these, in a pool that has space again after so many purges. */
function purgerOf(
  things: readonly DeletedThing[],
  { whenFull = false, fullFor = 0, failing }: { whenFull?: boolean; fullFor?: number; failing?: string } = {},
) {
  const purged: [how: string, id: string][] = []
  const doing = (how: string) => async (id: DiskId | VolumeGroupId) => {
    if (id === failing) throw new StorageError('ENTITY_BUSY', 'it is in use')
    purged.push([how, id])
  }
  const purger = createPurger({
    ...{ whenFull, now: () => NOW, lookMs: Infinity, log: pino({ level: 'silent' }) },
    reader: { deletedThings: async (_query, { after }) => (after ? [] : things) },
    groups: {
      purgeOver: doing('over'),
      purgeDeleted: doing('early'),
      capacity: async () =>
        ({ state: (purged.length < fullFor ? 'stopped' : 'ok') satisfies PoolState }) as never,
    },
  })
  return { purger, purged }
}

test('what is over is purged, the longest over first and a disk before its group; the rest stays', async () => {
  const [group, disk] = [deleted('volumeGroup', -1), deleted('disk', -1)]
  const [first, later] = [deleted('disk', -2), deleted('disk', 1)]
  const { purger, purged } = purgerOf([group, disk, later, first])
  await purger.tick()
  expect(purged).toEqual([first, disk, group].map(({ id }) => ['over', id]))
})

test('one that can not be purged is in no other one’s way', async () => {
  const [one, other] = [deleted('disk', -2), deleted('disk', -1)]
  const { purger, purged } = purgerOf([one, other], { failing: one.id })
  await purger.tick()
  expect(purged).toEqual([['over', other.id]])
})

test('a full pool changes nothing, unless it is configured to: then the soonest over goes until there is space', async () => {
  const [soon, late] = [deleted('disk', HOUR_MS), deleted('disk', 2 * HOUR_MS)]
  const kept = purgerOf([late, soon], { fullFor: 9 })
  await kept.purger.tick()
  expect(kept.purged).toEqual([])
  const relieved = purgerOf([late, soon], { whenFull: true, fullFor: 1 })
  await relieved.purger.tick()
  expect(relieved.purged).toEqual([['early', soon.id]])
})
