import { expect, test } from 'vitest'
import {
  diskIds,
  type PolicySpec,
  type PolicyTarget,
  policyIds,
  type Retention,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import { addDisk, type Make, readAll, refused } from './helpers.ts'

const RETENTION: Retention = {
  ...{ newest: 2, hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 1 },
  ...{ timeZone: 'Europe/Berlin', minimumKept: 1 },
}

export const snapshots = (name: string, project = '/'): PolicySpec => ({
  ...{ name, project, kind: 'snapshot', retention: RETENTION, lockMs: 3_600_000 },
  schedules: [
    { kind: 'cron', cron: '0 2 * * *', timeZone: 'Europe/Berlin' },
    { kind: 'interval', everyMs: 3_600_000 },
  ],
})

export const protection = (name: string, project = '/'): PolicySpec => ({
  ...{ name, project, kind: 'protection', remote: 'west', rpoMs: 900_000 },
  remoteRetention: RETENTION,
})

const ROOT: PolicyTarget = { kind: 'project', path: '/' }

export function policiesContract(make: Make): void {
  settings(make)
  inheritance(make)
  refusals(make)
}

function settings(make: Make): void {
  test('a policy is what was asked for, and made once', async () => {
    await using made = await make()
    const { groups } = made
    for (const spec of [snapshots('a'), protection('b')]) {
      const policy = await groups.createPolicy(spec)
      expect(policy).toEqual({ ...spec, id: policy.id, generation: 1, createdAt: expect.any(Date) })
      expect(policyIds.is(policy.id)).toBe(true)
      expect(await groups.createPolicy(spec)).toEqual(policy)
      expect(await groups.getPolicy(policy.id)).toEqual(policy)
    }
    await refused(groups.createPolicy(protection('a')), 'NAME_TAKEN')
    await refused(groups.createPolicy({ ...snapshots('a'), lockMs: 0 } as PolicySpec), 'NAME_TAKEN')
  })

  test('lists filter and page', async () => {
    await using made = await make()
    const { groups } = made
    const all = [await groups.createPolicy(snapshots('a')), await groups.createPolicy(protection('b'))]
    expect(await readAll((query) => groups.listPolicies(query), 1)).toEqual(all)
    expect((await groups.listPolicies({ kind: 'protection', project: '/' })).items).toEqual([all[1]])
    for (const policy of all) {
      await groups.assignPolicy({ target: ROOT, kind: policy.kind, policyId: policy.id })
    }
    const list = (query: object) => groups.listPolicyAssignments(query)
    const set = await readAll(list, 1)
    expect(set.map(({ policyId }) => policyId)).toEqual(all.map(({ id }) => id))
    expect((await groups.listPolicyAssignments({ policyId: all[0]!.id })).items).toEqual([set[0]])
  })

  test('a change of a policy is a new generation of it, and the same settings are no change', async () => {
    await using made = await make()
    const { groups } = made
    const { id, ...policy } = await groups.createPolicy(snapshots('a'))
    const { kind, schedules, retention } = snapshots('a') as Extract<PolicySpec, { kind: 'snapshot' }>
    const changed = { kind, schedules: schedules.slice(1), retention, lockMs: 0 } as const
    const expected = { ...policy, id, ...changed, generation: 2 }
    expect(await groups.updatePolicy(id, changed)).toEqual(expected)
    expect(await groups.updatePolicy(id, changed)).toEqual(expected)
    expect(await groups.getPolicy(id)).toEqual(expected)
    const { name: _, project: __, ...other } = protection('b')
    await refused(groups.updatePolicy(id, other), 'POLICY_KIND_DIFFERS')
  })
}

function inheritance(make: Make): void {
  test('a group and its disks have what is set nearest, and it says where that is', async () => {
    await using made = await make()
    const { groups } = made
    const { id: diskId, groupId } = await addDisk(groups, 'a')
    const group: PolicyTarget = { kind: 'volumeGroup', id: groupId }
    const [near, far] = [
      await groups.createPolicy(snapshots('near')),
      await groups.createPolicy(snapshots('far')),
    ]
    const unset = { policy: undefined, from: undefined, path: [group, ROOT] }
    const expectBoth = async (snapshot: object) => {
      for (const id of [groupId, diskId]) {
        expect(await groups.effectivePolicies(id)).toEqual({ snapshot, protection: unset })
      }
    }
    await expectBoth(unset)
    await groups.assignPolicy({ target: ROOT, kind: 'snapshot', policyId: far.id })
    await expectBoth({ policy: far, from: ROOT, path: [group, ROOT] })
    await groups.assignPolicy({ target: group, kind: 'snapshot', policyId: near.id })
    await expectBoth({ policy: near, from: group, path: [group] })
    await groups.assignPolicy({ target: group, kind: 'snapshot', policyId: undefined })
    await expectBoth({ policy: undefined, from: group, path: [group] })
    await groups.unassignPolicy(group, 'snapshot')
    await expectBoth({ policy: far, from: ROOT, path: [group, ROOT] })
    await groups.unassignPolicy(ROOT, 'snapshot')
    await groups.unassignPolicy(ROOT, 'snapshot')
    await expectBoth(unset)
  })

  test('a disk made later has the policies of its group at once; a setting goes with its group', async () => {
    await using made = await make()
    const { groups } = made
    const group = await groups.createGroup({ name: 'g', project: '/' })
    const policy = await groups.createPolicy(snapshots('a'))
    const target: PolicyTarget = { kind: 'volumeGroup', id: group.id }
    await groups.assignPolicy({ target, kind: 'snapshot', policyId: policy.id })
    const disk = await addDisk(groups, 'a', { group: { kind: 'existing', id: group.id } })
    expect((await groups.effectivePolicies(disk.id)).snapshot).toEqual({
      policy,
      from: target,
      path: [target],
    })
    await groups.deleteDisk(disk.id)
    await groups.deleteGroup(group.id)
    expect((await groups.listPolicyAssignments()).items).toEqual([])
    await groups.deletePolicy(policy.id)
  })
}

function refusals(make: Make): void {
  test('a policy that is set on something stays; one that is gone is no error', async () => {
    await using made = await make()
    const { groups } = made
    const { id } = await groups.createPolicy(snapshots('a'))
    await groups.assignPolicy({ target: ROOT, kind: 'snapshot', policyId: id })
    await refused(groups.deletePolicy(id), 'POLICY_IN_USE', { entity: { kind: 'policy', id } })
    await groups.unassignPolicy(ROOT, 'snapshot')
    await groups.deletePolicy(id)
    await groups.deletePolicy(id)
    await refused(groups.getPolicy(id), 'POLICY_NOT_FOUND')
  })

  test('what does not exist can not be set, or asked about', async () => {
    await using made = await make()
    const { groups } = made
    const { id } = await groups.createPolicy(snapshots('a'))
    const set = (policyId = id, target = ROOT, kind: 'snapshot' | 'protection' = 'snapshot') =>
      groups.assignPolicy({ target, kind, policyId })
    await refused(set(policyIds.create()), 'POLICY_NOT_FOUND')
    await refused(set(id, { kind: 'volumeGroup', id: volumeGroupIds.create() }), 'VOLUME_GROUP_NOT_FOUND')
    await refused(set(id, ROOT, 'protection'), 'POLICY_KIND_DIFFERS')
    await refused(groups.effectivePolicies(volumeGroupIds.create()), 'VOLUME_GROUP_NOT_FOUND')
    await refused(groups.effectivePolicies(diskIds.create()), 'DISK_NOT_FOUND')
  })

  test('every fault of a policy is told at once', async () => {
    await using made = await make()
    const spec = { ...snapshots('a'), schedules: [], lockMs: -1 } as PolicySpec
    const fields = ['schedules', 'lockMs'].map((field) =>
      expect.objectContaining({ field: expect.stringContaining(field) }),
    )
    await refused(made.groups.createPolicy(spec), 'INVALID_ARGUMENT', {
      violations: expect.arrayContaining(fields),
    })
    const never = { kind: 'cron', cron: '0 0 30 2 *', timeZone: 'UTC' } as const
    await refused(
      made.groups.createPolicy({ ...snapshots('a'), schedules: [never] } as PolicySpec),
      'INVALID_ARGUMENT',
    )
  })
}
