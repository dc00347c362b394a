import { expect, test } from 'vitest'
import { addDisk, refused } from '../../contract/volume-groups/helpers.ts'
import { snapshots } from '../../contract/volume-groups/policies.ts'
import { createWorld } from '../../fakes/world.ts'

test('a group does not leave the project whose policy is set on it, nor does the project above take it away', async () => {
  await using world = await createWorld()
  await using element = await world.boot()
  const { service } = element
  await service.createProject('/a')
  const inner = await service.createProject('/a/b')
  await service.createProject('/z')
  const { groupId } = await addDisk(service, 'd', { project: '/a/b' })
  const policy = await service.createPolicy({ ...snapshots('p'), project: '/a' })
  const target = { kind: 'volumeGroup', id: groupId } as const
  await service.assignPolicy({ target, kind: 'snapshot', policyId: policy.id })
  const message = expect.stringContaining(policy.id)
  await refused(service.moveGroup(groupId, '/z'), 'POLICY_OUT_OF_PROJECT', { message })
  await refused(service.moveProject(inner.id, '/z/b'), 'POLICY_OUT_OF_PROJECT', { message })
  await service.moveGroup(groupId, '/a')
  await service.unassignPolicy(target, 'snapshot')
  expect(await service.moveGroup(groupId, '/z')).toMatchObject({ project: '/z' })
})

test('what is made while a project moves is refused as busy, and the other way round', async () => {
  await using world = await createWorld()
  await using element = await world.boot()
  const { service } = element
  const { id } = await service.createProject('/a')
  await addDisk(service, 'before', { project: '/a' })
  const [made, moved] = await Promise.allSettled([
    addDisk(service, 'meanwhile', { project: '/a' }),
    service.moveProject(id, '/b'),
  ])
  expect(made.status).toBe('fulfilled')
  expect(moved).toMatchObject({ status: 'rejected', reason: { reason: 'ENTITY_BUSY' } })
  await service.moveProject(id, '/b')
  const groups = (await service.listGroups()).items
  expect(groups.map(({ project }) => project)).toEqual(['/b', '/b'])
  for (const group of groups) {
    expect((await world.store.readManifest(group.id))?.group).toEqual(group)
  }
})
