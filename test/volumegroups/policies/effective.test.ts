import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Policy,
  type PolicyId,
  type PolicySetting,
  type PolicyTarget,
  policyIds,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import {
  ancestryOf,
  effectivePolicies,
  policyBook,
  targetsOf,
} from '../../../src/volumegroups/policies/effective.ts'

const GROUP = { id: volumeGroupIds.create(), project: '/a/b' }
const project = (path: string): PolicyTarget => ({ kind: 'project', path })
const ON_GROUP: PolicyTarget = { kind: 'volumeGroup', id: GROUP.id }

const policy = (id: PolicyId): Policy => ({
  ...{ id, name: id, project: '/', generation: 1, createdAt: new Date(0) },
  ...{ kind: 'protection', remote: 'west', rpoMs: 60_000 },
  remoteRetention: {
    ...{ newest: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    ...{ timeZone: 'UTC', minimumKept: 0 },
  },
})

test('the root has no parent, and every path has its parents up to the root', () => {
  expect(ancestryOf('/')).toEqual(['/'])
  expect(ancestryOf('/a/b')).toEqual(['/a/b', '/a', '/'])
})

test('the nearest setting applies, and the answer says where it is and where else it was looked for', () => {
  const places = targetsOf(GROUP)
  expect(places).toEqual([ON_GROUP, project('/a/b'), project('/a'), project('/')])
  fc.assert(
    fc.property(fc.subarray([...places.keys()]), (set) => {
      const policies = set.map(() => policy(policyIds.create()))
      const settings = set.map((place, index) => ({
        target: places[place] as PolicyTarget,
        kind: 'protection' as const,
        policyId: policies[index]?.id,
      }))
      const nearest = set[0]
      const found = effectivePolicies(GROUP, policyBook({ settings, policies }))
      expect(found.protection).toEqual({
        policy: policies[0],
        from: nearest === undefined ? undefined : places[nearest],
        path: nearest === undefined ? places : places.slice(0, nearest + 1),
      })
      expect(found.snapshot.from).toBeUndefined()
    }),
  )
})

test('a setting of none ends the inheritance', () => {
  const above = policy(policyIds.create())
  const settings: PolicySetting[] = [
    { target: project('/'), kind: 'protection', policyId: above.id },
    { target: project('/a'), kind: 'protection', policyId: undefined },
  ]
  const found = effectivePolicies(GROUP, policyBook({ settings, policies: [above] }))
  expect(found.protection).toMatchObject({ policy: undefined, from: project('/a') })
})

test('a project beside, or one that only begins alike, has no say', () => {
  const other = policy(policyIds.create())
  const settings: PolicySetting[] = ['/a/bc', '/a/b/c', '/b'].map((path) => ({
    target: project(path),
    kind: 'protection',
    policyId: other.id,
  }))
  const found = effectivePolicies(GROUP, policyBook({ settings, policies: [other] }))
  expect(found.protection.from).toBeUndefined()
})
