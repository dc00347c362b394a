import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DiskId,
  diskIds,
  type Manifest,
  operationIds,
  policyIds,
  projectIds,
  ROOT_PROJECT_ID,
  recoveryPointIds,
  type StoredPoint,
  volumeGroupIds,
} from '../../../../src/volumegroups/index.ts'
import { decide } from '../../../../src/volumegroups/rules/recovery/decide.ts'
import type {
  Decision,
  Facts,
  FoundGroup,
  FoundManifest,
  GroupRow,
} from '../../../../src/volumegroups/rules/recovery/types.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const ROOT = { id: ROOT_PROJECT_ID, path: '/', generation: 1, createdAt: AT }
const [groupId, diskId, otherId] = [volumeGroupIds.create(), diskIds.create(), diskIds.create()]
const pointId = recoveryPointIds.create()
const MIB = 1024n * 1024n

const disk = (id: DiskId, lun: number, sizeBytes = MIB): Manifest['disks'][number] => ({
  ...{ id, groupId, name: `disk ${lun}`, sizeBytes, lun, attributes: {}, source: undefined },
  ...{ generation: 1, createdAt: AT },
})
const point = (disks: readonly DiskId[]): Manifest['recoveryPoints'][number] => ({
  ...{ id: pointId, groupId, name: 'point', grouped: true, reason: 'user', labels: {}, createdAt: AT },
  ...{ disks: disks.map((one) => ({ diskId: one, sizeBytes: MIB })) },
  ...{ expiresAt: undefined, lockedUntil: undefined, generation: 1 },
})
function manifest(generation: number, more: Partial<Manifest> = {}): Manifest {
  const group = { id: groupId, name: 'group', project: '/', implicit: false, generation, epoch: 1 }
  return {
    ...{ version: 2, elementId: 'element', group: { ...group, labels: {}, createdAt: AT }, projects: [ROOT] },
    ...{ disks: [disk(diskId, 1)], recoveryPoints: [], policySettings: [], policies: [], ...more },
  }
}
const row = (said: Manifest, missing: Partial<GroupRow> = {}): GroupRow => ({
  ...{ manifest: said, isMissing: false, missingDisks: new Set<DiskId>() },
  ...missing,
})
const whole = (said: Manifest): FoundManifest => ({ kind: 'whole', manifest: said })
function found(said: FoundManifest, more: Partial<FoundGroup> = {}): FoundGroup {
  const disks = [{ id: diskId, sizeBytes: MIB }]
  return { id: groupId, disks, recoveryPoints: [], unknownPoints: [], manifest: said, ...more }
}
const facts = (more: Partial<Facts>): Facts => ({
  ...{ rows: [], projects: [ROOT], policies: [], found: [], open: [] },
  ...more,
})
const kinds = (decisions: readonly Decision[]): string[] => decisions.map(({ kind }) => kind)
const decided = (more: Partial<Facts>): string[] => kinds(decide(facts(more)))

describe('the database has it and the store has it', () => {
  test('at one generation: nothing to decide', () => {
    expect(decided({ rows: [row(manifest(3))], found: [found(whole(manifest(3)))] })).toEqual([])
  })

  test('the manifest is newer: what it says holds, and a disk that it lacks and that is gone was deleted', () => {
    const rows = [row(manifest(3, { disks: [disk(diskId, 1), disk(otherId, 2)] }))]
    const newer = manifest(5, { disks: [disk(diskId, 1, 2n * MIB)] })
    const there = found(whole(newer), { disks: [{ id: diskId, sizeBytes: 2n * MIB }] })
    const decisions = decide(facts({ rows, found: [there] }))
    expect(kinds(decisions)).toEqual(['dropDisk', 'updateGroup', 'updateDisk', 'adoptSettings'])
    expect(decisions[0]).toMatchObject({ diskId: otherId })
    expect(decisions[1]).toMatchObject({ group: { generation: 5 } })
  })

  test('the manifest is newer and lacks a disk that is there: it stays', () => {
    const rows = [row(manifest(3))]
    const decisions = decided({ rows, found: [found(whole(manifest(4, { disks: [] })))] })
    expect(decisions).toEqual(['updateGroup', 'adoptSettings'])
  })

  test('the row is newer: the data are made to fit it, and a disk that it lacks is adopted', () => {
    const rows = [row(manifest(5, { disks: [disk(diskId, 1, 3n * MIB)] }))]
    const older = manifest(3, { disks: [disk(diskId, 1), disk(otherId, 2)] })
    const disks = [diskId, otherId].map((id) => ({ id, sizeBytes: MIB }))
    const decisions = decide(facts({ rows, found: [found(whole(older), { disks })] }))
    expect(kinds(decisions)).toEqual(['extendDisk', 'adoptDisk', 'writeManifest'])
    expect(decisions[0]).toMatchObject({ diskId, sizeBytes: 3n * MIB })
    expect(decisions[1]).toMatchObject({ disk: { id: otherId }, isMissing: false })
  })

  test.each(['damaged', 'none', 'foreign'] as const)(
    'the manifest is %s: written from the database',
    (kind) => {
      const said = kind === 'foreign' ? ({ kind, elementId: 'other' } as const) : ({ kind } as const)
      const decisions = decide(facts({ rows: [row(manifest(3))], found: [found(said)] }))
      expect(decisions).toEqual([{ kind: 'writeManifest', groupId, why: kind }])
    },
  )

  test('the manifest says something else at the same generation: written from the database', () => {
    const other = manifest(3, { projects: [{ ...ROOT, createdAt: new Date(0) }] })
    const decisions = decide(facts({ rows: [row(manifest(3))], found: [found(whole(other))] }))
    expect(decisions).toEqual([{ kind: 'writeManifest', groupId, why: 'differs' }])
  })
})

describe('the database has it and the store has not', () => {
  test('a group: it and its disks are missing, its points are gone with it, and the next time it is known', () => {
    const said = manifest(3, { recoveryPoints: [point([diskId])] })
    expect(decided({ rows: [row(said)] })).toEqual(['groupMissing', 'diskMissing', 'dropPoint'])
    const marked = row(manifest(3), { isMissing: true, missingDisks: new Set([diskId]) })
    expect(decided({ rows: [marked] })).toEqual([])
  })

  test('a disk: missing, or given back from the newest point that has it', () => {
    const rows = [row(manifest(3))]
    expect(decided({ rows, found: [found(whole(manifest(3)), { disks: [] })] })).toEqual(['diskMissing'])
    const said = manifest(3, { recoveryPoints: [point([diskId])] })
    const there = found(whole(said), { disks: [], recoveryPoints: [pointId] })
    const decisions = decide(facts({ rows: [row(said)], found: [there] }))
    expect(kinds(decisions)).toEqual(['diskMissing', 'restoreDisk'])
    expect(decisions[1]).toMatchObject({ diskId, from: pointId, sizeBytes: MIB })
  })

  test('a disk that is given back is as large as it was at the point', () => {
    const larger = { ...point([diskId]), disks: [{ diskId, sizeBytes: 5n * MIB }] }
    const said = manifest(3, { recoveryPoints: [larger] })
    const there = found(whole(said), { disks: [], recoveryPoints: [pointId] })
    const [, updated, given] = decide(facts({ rows: [row(said)], found: [there] }))
    expect(updated).toMatchObject({ kind: 'updateDisk', disk: { id: diskId, sizeBytes: 5n * MIB } })
    expect(given).toMatchObject({ kind: 'restoreDisk', sizeBytes: 5n * MIB })
  })

  test('only its points are left: the group is made anew, and its disks given back', () => {
    const said = manifest(3, { recoveryPoints: [point([diskId])] })
    const there = { disks: [], recoveryPoints: [pointId], isHeadless: true } as const
    expect(decided({ rows: [row(said)], found: [found({ kind: 'none' }, there)] })).toEqual([
      ...['diskMissing', 'remakeGroup', 'restoreDisk', 'writeManifest'],
    ])
  })

  test('what was missing is found again', () => {
    const marked = row(manifest(3), { isMissing: true, missingDisks: new Set([diskId]) })
    expect(decided({ rows: [marked], found: [found(whole(manifest(3)))] })).toEqual([
      'groupFound',
      'diskFound',
    ])
  })

  test('a recovery point: the row goes', () => {
    const rows = [row(manifest(3, { recoveryPoints: [point([diskId])] }))]
    const there = found(whole(manifest(3, { recoveryPoints: [point([diskId])] })))
    expect(decided({ rows, found: [there] })).toEqual(['dropPoint'])
  })
})

describe('the store has it and the database has not', () => {
  test('a group with a whole manifest: adopted, with the project that it was in', () => {
    const team = { id: projectIds.create(), path: '/team', generation: 4, createdAt: AT }
    const said = manifest(3, { projects: [ROOT, team], recoveryPoints: [point([diskId])] })
    const decisions = decide(facts({ found: [found(whole(said), { recoveryPoints: [pointId] })] }))
    expect(kinds(decisions)).toEqual([
      ...['placeProject', 'adoptGroup', 'adoptPoint', 'adoptDisk', 'adoptSettings', 'adoptSettings'],
    ])
    expect(decisions[0]).toMatchObject({ project: { ...team, parentId: ROOT_PROJECT_ID }, isNew: true })
    expect(decisions[1]).toMatchObject({ group: { id: groupId, projectId: team.id } })
  })

  test('a project of that name is there by now under another id: it is that one', () => {
    const [then, now] = [projectIds.create(), projectIds.create()]
    const said = manifest(3, { projects: [ROOT, { id: then, path: '/team', generation: 1, createdAt: AT }] })
    const projects = [ROOT, { id: now, path: '/team', generation: 1, createdAt: AT }]
    const decisions = decide(facts({ projects, found: [found(whole(said))] }))
    expect(decisions.find(({ kind }) => kind === 'placeProject')).toBeUndefined()
    expect(decisions[0]).toMatchObject({ kind: 'adoptGroup', group: { projectId: now } })
  })

  test.each(['damaged', 'none', 'foreign'] as const)('a group whose manifest is %s: put aside', (kind) => {
    const said = kind === 'foreign' ? ({ kind, elementId: 'other' } as const) : ({ kind } as const)
    const decisions = decide(facts({ found: [found(said)] }))
    expect(decisions).toEqual([{ kind: 'quarantine', thing: { kind: 'volumeGroup', groupId }, why: kind }])
  })

  test('a disk that no manifest knows: put aside', () => {
    const disks = [diskId, otherId].map((id) => ({ id, sizeBytes: MIB }))
    const decisions = decide(
      facts({ rows: [row(manifest(3))], found: [found(whole(manifest(3)), { disks })] }),
    )
    const thing = { kind: 'disk', groupId, diskId: otherId }
    expect(decisions).toEqual([{ kind: 'quarantine', thing, why: 'stray' }])
  })

  test('a point that no manifest knows: adopted under its id', () => {
    const unknown: StoredPoint = { id: pointId, disks: [{ id: diskId, sizeBytes: MIB }], createdAt: AT }
    const there = found(whole(manifest(3)), { recoveryPoints: [pointId], unknownPoints: [unknown] })
    const decisions = decide(facts({ rows: [row(manifest(3))], found: [there] }))
    expect(decisions).toMatchObject([{ kind: 'adoptPoint', point: { id: pointId, name: pointId } }])
  })
})

describe('what was deleted and can be had again', () => {
  const DELETION = {
    deletedAt: AT,
    restorableUntil: new Date('2026-01-02T00:00:00Z'),
    reason: 'user',
  } as const
  const deleted = (id: DiskId) => ({ ...DELETION, disk: disk(id, 1) })
  const without = (generation: number, more: Partial<Manifest> = {}) =>
    manifest(generation, { disks: [], deletedDisks: [deleted(diskId)], ...more })
  const gone = (generation: number, more: Partial<Manifest> = {}) =>
    without(generation, { deletion: { ...DELETION, settings: [] }, ...more })
  const empty = { disks: [] }

  test('a disk, known as deleted to both: nothing to decide', () => {
    expect(decided({ rows: [row(without(3))], found: [found(whole(without(3)))] })).toEqual([])
  })

  test('the database has the disk, and the newer manifest has it as deleted: the deletion holds', () => {
    const decisions = decide(facts({ rows: [row(manifest(3))], found: [found(whole(without(4)))] }))
    expect(kinds(decisions)).toEqual(['deleteDisk', 'updateGroup', 'adoptSettings'])
    expect(decisions[0]).toEqual({ kind: 'deleteDisk', deleted: deleted(diskId) })
  })

  test('the database has the deletion, and the older manifest has the disk: the deletion holds', () => {
    const rows = [row(without(4))]
    expect(decided({ rows, found: [found(whole(manifest(3)))] })).toEqual(['writeManifest'])
  })

  test('the database has the deletion, and the newer manifest has the disk: it was undeleted', () => {
    const rows = [row(without(3))]
    expect(decided({ rows, found: [found(whole(manifest(4)))] })).toEqual([
      ...['updateGroup', 'undeleteDisk', 'adoptSettings'],
    ])
  })

  test('the database has the deletion, and the newer manifest has nothing of it: gone, unless the data are there', () => {
    const rows = [row(without(3))]
    const newer = whole(manifest(4, { disks: [] }))
    expect(decided({ rows, found: [found(newer, empty)] })).toEqual([
      ...['dropDeleted', 'updateGroup', 'adoptSettings'],
    ])
    expect(decided({ rows, found: [found(newer)] })).toEqual(['updateGroup', 'adoptSettings'])
  })

  test('the database has the deletion, and there is no manifest to believe: it is not put aside', () => {
    const rows = [row(without(3))]
    expect(decided({ rows, found: [found({ kind: 'damaged' })] })).toEqual(['writeManifest'])
  })

  test('the database has nothing of it, and a manifest has the deletion: adopted as deleted', () => {
    expect(decided({ found: [found(whole(without(3)))] })).toEqual([
      ...['deleteDisk', 'adoptGroup', 'adoptSettings'],
    ])
    const rows = [row(manifest(4, { disks: [] }))]
    expect(decided({ rows, found: [found(whole(without(3)))] })).toEqual(['deleteDisk', 'writeManifest'])
    expect(decided({ rows, found: [found(whole(without(3)), empty)] })).toEqual(['writeManifest'])
  })

  test('the newer manifest tells of another deletion: it holds', () => {
    const later = { ...deleted(diskId), restorableUntil: new Date('2026-01-09T00:00:00Z') }
    const there = found(whole(without(4, { deletedDisks: [later] })))
    const decisions = decide(facts({ rows: [row(without(3))], found: [there] }))
    expect(decisions[0]).toEqual({ kind: 'deleteDisk', deleted: later })
  })

  test('a group, known as deleted to both, or to the database alone: nothing to decide', () => {
    expect(decided({ rows: [row(gone(3))], found: [found(whole(gone(3)))] })).toEqual([])
    expect(decided({ rows: [row(gone(3))] })).toEqual([])
  })

  test('the newer manifest has the group as deleted, or nobody else knows it: the deletion holds', () => {
    const there = [found(whole(gone(4)))]
    expect(decided({ rows: [row(manifest(3))], found: there })).toEqual(['deleteDisk', 'deleteGroup'])
    expect(decided({ found: there })).toEqual(['deleteDisk', 'deleteGroup'])
  })

  test('a manifest has the group as deleted, and holds what was not: the group stays', () => {
    const disks = [diskId, otherId].map((id) => ({ id, sizeBytes: MIB }))
    const rows = [row(manifest(3, { disks: [disk(diskId, 1), disk(otherId, 2)] }))]
    expect(decided({ rows, found: [found(whole(gone(4)), { disks })] })).toEqual([
      ...['deleteDisk', 'updateGroup'],
    ])
  })

  test('the group is deleted in the database: the older manifest is written, the newer one undeletes it', () => {
    const live = (generation: number) => found(whole(manifest(generation)))
    expect(decided({ rows: [row(gone(4))], found: [live(3)] })).toEqual(['writeManifest'])
    expect(decided({ rows: [row(gone(3))], found: [live(4)] })).toEqual([
      ...['undeleteGroup', 'undeleteDisk', 'adoptSettings'],
    ])
  })
})

describe('policies', () => {
  const policy: Manifest['policies'][number] = {
    ...{ id: policyIds.create(), name: 'daily', project: '/', generation: 4, createdAt: AT },
    ...{ kind: 'protection', remote: 'far', rpoMs: 60_000 },
    remoteRetention: {
      ...{ newest: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
      ...{ timeZone: 'UTC', minimumKept: 1 },
    },
  }
  const set = {
    target: { kind: 'project', path: '/' },
    kind: 'protection',
    policyId: policy.id,
    setAt: AT,
  } as const

  test('a project of a later generation brings what is set on it, and the policies that this names', () => {
    const said = manifest(3, {
      ...{ projects: [{ ...ROOT, generation: 2 }], policySettings: [set], policies: [policy] },
    })
    const decisions = decide(facts({ rows: [row(manifest(3))], found: [found(whole(said))] }))
    expect(kinds(decisions)).toEqual(['placeProject', 'writeManifest', 'adoptPolicy', 'adoptSettings'])
    expect(decisions[3]).toMatchObject({ on: ROOT_PROJECT_ID, settings: [{ policyId: policy.id }] })
  })

  test('of a policy that both have, the higher generation holds', () => {
    const said = manifest(3, { policySettings: [set], policies: [policy] })
    const withPolicy = (generation: number) =>
      decided({ rows: [row(said)], found: [found(whole(said))], policies: [{ ...policy, generation }] })
    expect(withPolicy(3)).toEqual(['adoptPolicy'])
    expect(withPolicy(4)).toEqual([])
    expect(withPolicy(5)).toEqual([])
  })
})

describe('operations that have not ended', () => {
  const open = (isMaking: boolean) => [{ id: operationIds.create(), entities: [groupId, otherId], isMaking }]
  const disks = [diskId, otherId].map((id) => ({ id, sizeBytes: MIB }))

  test('what they have in hand is left to them', () => {
    const there = found(whole(manifest(3)), { disks })
    for (const isMaking of [true, false]) {
      expect(decided({ rows: [row(manifest(3))], found: [there], open: open(isMaking) })).toEqual([])
      expect(decided({ found: [found({ kind: 'none' }, { disks })], open: open(isMaking) })).toEqual([])
    }
  })

  test('one that a manifest tells to have come to its end is not undone', () => {
    const newer = manifest(4, { disks: [disk(diskId, 1), disk(otherId, 2)] })
    const there = found(whole(newer), { disks })
    expect(decided({ rows: [row(manifest(3))], found: [there], open: open(true) })).toEqual([
      ...['updateGroup', 'adoptDisk', 'adoptSettings', 'finishOperation'],
    ])
  })

  test('with a damaged manifest nobody can tell: what it may have made is put aside before it is undone', () => {
    const there = found({ kind: 'damaged' }, { disks })
    expect(decided({ rows: [row(manifest(3))], found: [there], open: open(true) })).toEqual([
      ...['quarantine', 'writeManifest'],
    ])
  })
})

test('nothing is ever destroyed: what the store holds is kept, adopted, put aside, or in hand', () => {
  const generations = fc.integer({ min: 1, max: 4 })
  const subset = fc.subarray([diskId, otherId])
  fc.assert(
    fc.property(
      fc.record({
        mine: generations,
        theirs: generations,
        inRow: subset,
        inManifest: subset,
        inStore: subset,
      }),
      fc.constantFrom('whole', 'damaged', 'none', 'absent' as const),
      ({ mine, theirs, inRow, inManifest, inStore }, state) => {
        const disksOf = (ids: readonly DiskId[]) => ids.map((id) => disk(id, id === diskId ? 1 : 2))
        const said = manifest(theirs, { disks: disksOf(inManifest) })
        const disks = inStore.map((id) => ({ id, sizeBytes: MIB }))
        const there =
          state === 'absent' ? [] : [found(state === 'whole' ? whole(said) : { kind: state }, { disks })]
        const decisions = decide(
          facts({ rows: [row(manifest(mine, { disks: disksOf(inRow) }))], found: there }),
        )
        for (const id of state === 'absent' ? [] : inStore) {
          const fate = decisions
            .filter((one) => JSON.stringify(one, bigints).includes(id))
            .map(({ kind }) => kind)
          expect(fate).not.toContain('dropDisk')
          const isKept = inRow.includes(id) || fate.includes('adoptDisk') || fate.includes('quarantine')
          expect(isKept, `${fate}`).toBe(true)
        }
      },
    ),
    { numRuns: 500 },
  )
})

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
