import { expect, test } from 'vitest'
import {
  type GroupChanges,
  MAX_ATTRIBUTES_BYTES,
  type PolicyTarget,
  policyIds,
  type VolumeGroupId,
  type VolumeGroups,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import { addDisk, type Make, refused } from './helpers.ts'
import { protection, snapshots } from './policies.ts'

const named = (name: string) => ({ kind: 'named', name }) as const
const BOTH: GroupChanges = { snapshotPolicy: named('nightly'), protectionPolicy: named('west') }

/** What is set on the group itself: the names of policies, `none`, or nothing. */
async function setOn(groups: VolumeGroups, id: VolumeGroupId): Promise<object> {
  const { snapshot, protection } = await groups.effectivePolicies(id)
  const shown = [snapshot, protection].map(({ policy, from }) =>
    from?.kind === 'volumeGroup' ? (policy?.name ?? 'none') : undefined,
  )
  return { snapshot: shown[0], protection: shown[1], labels: (await groups.getGroup(id)).labels }
}

async function group(groups: VolumeGroups, project = '/'): Promise<VolumeGroupId> {
  await groups.createPolicy(snapshots('nightly'))
  await groups.createPolicy(protection('west'))
  return (await groups.createGroup({ name: 'g', project, createProject: true })).id
}

export function groupChangesContract(make: Make): void {
  changes(make)
  refusals(make)
  withDisks(make)
}

function changes(make: Make): void {
  test('policies and labels are set together; what is left out stays, and the same again is no change', async () => {
    await using made = await make()
    const { groups } = made
    const id = await group(groups)
    expect(await setOn(groups, id)).toEqual({ labels: {} })
    const changed = await groups.updateGroup(id, { ...BOTH, labels: { app: 'shop', tier: 'gold' } })
    expect(changed).toEqual(await groups.getGroup(id))
    const all = { snapshot: 'nightly', protection: 'west', labels: { app: 'shop', tier: 'gold' } }
    expect(await setOn(groups, id)).toEqual(all)
    for (const same of [{}, BOTH, { labels: { tier: 'gold', app: 'shop' } }]) {
      expect(await groups.updateGroup(id, same)).toEqual(changed)
    }
    await groups.updateGroup(id, { snapshotPolicy: { kind: 'none' }, labels: { app: 'shop' } })
    expect(await setOn(groups, id)).toEqual({ ...all, snapshot: 'none', labels: { app: 'shop' } })
    await groups.updateGroup(id, { snapshotPolicy: { kind: 'inherited' }, labels: {} })
    expect(await setOn(groups, id)).toEqual({ protection: 'west', labels: {} })
    expect((await groups.getGroup(id)).generation).toBeGreaterThan(changed.generation)
    expect((await groups.listGroups()).items).toEqual([await groups.getGroup(id)])
  })

  test('a policy is meant by its id, or as the nearest of its name and kind', async () => {
    await using made = await make()
    const { groups } = made
    const id = await group(groups, '/team/db')
    const near = await groups.createPolicy(snapshots('nightly', '/team'))
    await groups.createPolicy(protection('nightly', '/team/db'))
    await groups.updateGroup(id, { snapshotPolicy: named('nightly') })
    expect((await groups.effectivePolicies(id)).snapshot.policy).toEqual(near)
    const [far] = (await groups.listPolicies({ project: '/', kind: 'snapshot' })).items
    await groups.updateGroup(id, { snapshotPolicy: { kind: 'policy', id: far!.id } })
    expect((await groups.effectivePolicies(id)).snapshot.policy).toEqual(far)
  })

  test('labels change no policy: what applies is the same with any of them', async () => {
    await using made = await make()
    const { groups } = made
    const id = await group(groups)
    const { items } = await groups.listPolicies()
    const target: PolicyTarget = { kind: 'project', path: '/' }
    for (const { kind, id: policyId } of items) await groups.assignPolicy({ target, kind, policyId })
    const before = await groups.effectivePolicies(id)
    const labels = { snapshotPolicy: 'none', protectionPolicy: '', protection: 'off', remote: 'east' }
    await groups.updateGroup(id, { labels })
    expect(await groups.effectivePolicies(id)).toEqual(before)
    expect((await groups.getGroup(id)).labels).toEqual(labels)
  })
}

function refusals(make: Make): void {
  test('all that can not be set is told at once, and nothing is set', async () => {
    await using made = await make()
    const { groups } = made
    const id = await group(groups)
    const before = await groups.getGroup(id)
    const bad: GroupChanges = {
      snapshotPolicy: named('west'), // of the other kind
      protectionPolicy: { kind: 'policy', id: policyIds.create() },
      labels: { a: 'b' },
    }
    const fields = ['snapshotPolicy', 'protectionPolicy'].map((field) => expect.objectContaining({ field }))
    await refused(groups.updateGroup(id, bad), 'INVALID_ARGUMENT', { violations: fields })
    const half: GroupChanges = { ...bad, snapshotPolicy: named('nightly') }
    await refused(groups.updateGroup(id, half), 'INVALID_ARGUMENT', { violations: fields.slice(1) })
    const long: GroupChanges = {
      snapshotPolicy: named(''),
      labels: { a: 'x'.repeat(MAX_ATTRIBUTES_BYTES) },
    }
    const both = ['snapshotPolicy.name', 'labels'].map((field) => expect.objectContaining({ field }))
    await refused(groups.updateGroup(id, long), 'INVALID_ARGUMENT', { violations: both })
    expect(await setOn(groups, id)).toEqual({ labels: {} })
    expect(await groups.getGroup(id)).toEqual(before)
    await refused(groups.updateGroup(volumeGroupIds.create(), BOTH), 'VOLUME_GROUP_NOT_FOUND')
  })

  test('a policy beside the group is not found, by name or id', async () => {
    await using made = await make()
    const { groups } = made
    const id = await group(groups, '/a')
    await groups.createProject('/b')
    const beside = await groups.createPolicy(snapshots('beside', '/b'))
    for (const choice of [named('beside'), { kind: 'policy', id: beside.id } as const]) {
      await refused(groups.updateGroup(id, { snapshotPolicy: choice }), 'INVALID_ARGUMENT')
    }
  })
}

function withDisks(make: Make): void {
  const inGroup = { group: { kind: 'named', name: 'g' } } as const

  test('a disk is made with what it asks of its group, or not at all', async () => {
    await using made = await make()
    const { groups } = made
    await group(groups)
    const groupChanges: GroupChanges = { ...BOTH, labels: { app: 'shop' } }
    for (const where of [{}, inGroup, { group: { kind: 'named', name: 'new' } } as const]) {
      const name = JSON.stringify(where)
      const { id, groupId, ...disk } = await addDisk(groups, name, { ...where, groupChanges })
      expect(disk.groupChanges).toEqual(groupChanges)
      expect(await groups.getDisk(id)).toEqual({ id, groupId, ...disk })
      expect(await setOn(groups, groupId)).toEqual({
        snapshot: 'nightly',
        protection: 'west',
        labels: { app: 'shop' },
      })
    }
    const bad = { ...groupChanges, protectionPolicy: named('nobody') }
    await refused(addDisk(groups, 'bad', { groupChanges: bad }), 'INVALID_ARGUMENT')
    expect((await groups.listDisks({ name: 'bad' })).items).toEqual([])
    expect((await groups.listGroups()).items).toHaveLength(3)
  })

  test('a repeated request must ask the same of the group; it changes nothing, whatever the group has by now', async () => {
    await using made = await make()
    const { groups } = made
    await group(groups)
    const groupChanges: GroupChanges = { snapshotPolicy: named('nightly'), labels: { app: 'shop' } }
    const disk = await addDisk(groups, 'd', { ...inGroup, groupChanges })
    await groups.updateGroup(disk.groupId, { snapshotPolicy: { kind: 'none' }, labels: { app: 'bank' } })
    const [policy] = (await groups.listPolicies({ kind: 'snapshot' })).items
    await groups.deletePolicy(policy!.id)
    expect(await addDisk(groups, 'd', { ...inGroup, groupChanges })).toEqual(disk)
    const others: (GroupChanges | undefined)[] = [
      undefined,
      {},
      { ...groupChanges, labels: { app: 'bank' } },
      { labels: { app: 'shop' } },
      { ...groupChanges, snapshotPolicy: { kind: 'none' } },
    ]
    for (const groupChanges of others) {
      await refused(addDisk(groups, 'd', { ...inGroup, groupChanges }), 'NAME_TAKEN')
    }
    expect(await setOn(groups, disk.groupId)).toEqual({ snapshot: 'none', labels: { app: 'bank' } })
  })
}
