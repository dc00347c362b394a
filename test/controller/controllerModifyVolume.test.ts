import { beforeEach, describe, expect, test } from 'vitest'
import { type DiskId, diskIds, type PolicyKind, StorageError } from '../../src/volumegroups/index.ts'
import { snapshots } from '../contract/volume-groups/policies.ts'
import { blockOf, type FakeCaller, fakeCaller, volumeRequest } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let volumeId: string

beforeEach(async () => {
  caller = fakeCaller()
  await caller.groups.createPolicy(snapshots('nightly'))
  const { retention } = snapshots('') as never as { retention: never }
  const remote = { remote: 'west', rpoMs: 900_000, remoteRetention: retention }
  await caller.groups.createPolicy({ name: 'west', project: '/', kind: 'protection', ...remote })
  volumeId = await caller.volume('a')
})

const modify = (mutableParameters: object, id = volumeId) =>
  caller.call('ControllerModifyVolume', { volumeId: id, mutableParameters })

/** The names of what applies to the volume, and the kind of place at which each is set. */
async function policiesOf(id = volumeId): Promise<Record<PolicyKind, readonly (string | undefined)[]>> {
  const { snapshot, protection } = await caller.groups.effectivePolicies(id as DiskId)
  const shown = ({ policy, from }: typeof snapshot | typeof protection) => [policy?.name, from?.kind]
  return { snapshot: shown(snapshot), protection: shown(protection) }
}

const NONE = { snapshot: [undefined, undefined], protection: [undefined, undefined] }
const BOTH = { snapshotPolicy: 'nightly', protectionPolicy: 'west' }
const SET = { snapshot: ['nightly', 'volumeGroup'], protection: ['west', 'volumeGroup'] }

test('policies are set by name on the group of the volume, and again is the same', async () => {
  expect(await policiesOf()).toEqual(NONE)
  const sidecars = { 'csi.storage.k8s.io/pvc/name': 'c' }
  for (const _ of [1, 2]) {
    await modify({ ...BOTH, ...sidecars })
    expect(await policiesOf()).toEqual(SET)
  }
})

test('what the parameters do not name stays; an empty name takes over what is set above', async () => {
  await modify(BOTH)
  await modify({})
  expect(await policiesOf()).toEqual(SET)
  await caller.groups.createPolicy(snapshots('weekly'))
  await modify({ snapshotPolicy: 'weekly' })
  expect(await policiesOf()).toEqual({ ...SET, snapshot: ['weekly', 'volumeGroup'] })
  const { id } = await caller.groups.createPolicy(snapshots('of-all'))
  await caller.groups.assignPolicy({ target: { kind: 'project', path: '/' }, kind: 'snapshot', policyId: id })
  await modify({ snapshotPolicy: '' })
  expect(await policiesOf()).toEqual({ ...SET, snapshot: ['of-all', 'project'] })
})

test('of two policies of one name the nearer one is meant', async () => {
  await caller.groups.createProject('/team')
  const near = await caller.groups.createPolicy(snapshots('nightly', '/team'))
  const id = await caller.volume('b', { parameters: { project: '/team' } })
  await modify({ snapshotPolicy: 'nightly' }, id)
  const { snapshot } = await caller.groups.effectivePolicies(id as DiskId)
  expect(snapshot.policy?.id).toBe(near.id)
})

test.each<[string, object, RegExp]>([
  [
    'an unknown name',
    { XXX_FakeKey: 'x' },
    /mutable_parameters\.XXX_FakeKey is not known; known are snapshotPolicy/,
  ],
  [
    'an I/O limit',
    { iopsLimit: '100' },
    /mutable_parameters\.iopsLimit can not be held: the target, tgt, has no/,
  ],
  [
    'a policy that there is not',
    { protectionPolicy: 'x' },
    /protectionPolicy: there is no protection policy "x"/,
  ],
  ['a policy of the other kind', { protectionPolicy: 'nightly' }, /there is no protection policy "nightly"/],
])('%s is refused by name, and nothing is applied', async (_, fields, message) => {
  const request = { volumeId, mutableParameters: { snapshotPolicy: 'nightly', ...fields } }
  await caller.refuses('ControllerModifyVolume', request, 3, message)
  expect(await policiesOf()).toEqual(NONE)
  const made = volumeRequest('b', { mutableParameters: request.mutableParameters })
  await caller.refuses('CreateVolume', made, 3, message)
  expect((await caller.call('ListVolumes')).entries).toHaveLength(1)
  const asked = { ...request, volumeCapabilities: [blockOf()] }
  expect(await caller.call('ValidateVolumeCapabilities', asked)).toEqual({
    confirmed: null,
    message: expect.stringMatching(message),
  })
})

describe('when the second of two policies can not be set', () => {
  /** Lets protection policies be refused. */
  function refuseProtection(): () => void {
    const { groups } = caller
    const assign = groups.assignPolicy.bind(groups)
    groups.assignPolicy = async (setting, call) => {
      if (setting.kind === 'protection') throw new StorageError('PERMISSION_DENIED', 'not for this token')
      return assign(setting, call)
    }
    return () => {
      groups.assignPolicy = assign
    }
  }

  test.each([
    ['was set to another', { snapshotPolicy: 'weekly' }, ['weekly', 'volumeGroup']],
    ['was not set', {}, [undefined, undefined]],
  ])('the first is as it was: it %s', async (_, before, snapshot) => {
    await caller.groups.createPolicy(snapshots('weekly'))
    await modify(before)
    refuseProtection()
    await caller.refuses('ControllerModifyVolume', { volumeId, mutableParameters: BOTH }, 7)
    expect(await policiesOf()).toEqual({ ...NONE, snapshot })
  })

  test('a volume that was just made is not lost: the call is to be repeated, and then sets them', async () => {
    const allow = refuseProtection()
    const request = volumeRequest('b', { mutableParameters: BOTH })
    await caller.refuses('CreateVolume', request, 14, /^POLICY_NOT_SET: .*not for this token/)
    allow()
    const { volume } = await caller.call('CreateVolume', request)
    expect(await policiesOf(volume!.volumeId)).toEqual(SET)
    expect((await caller.call('ListVolumes')).entries).toHaveLength(2)
  })
})

test('a volume can be made with policies, and what is confirmed repeats them', async () => {
  const { volume } = await caller.call('CreateVolume', volumeRequest('b', { mutableParameters: BOTH }))
  expect(await policiesOf(volume!.volumeId)).toEqual(SET)
  const asked = { volumeId: volume!.volumeId, volumeCapabilities: [blockOf()], mutableParameters: BOTH }
  const { confirmed } = await caller.call('ValidateVolumeCapabilities', asked)
  expect(confirmed?.mutableParameters).toEqual(BOTH)
})

test.each<[string, object, number, RegExp]>([
  ['no volume id', { mutableParameters: { x: 'y' } }, 3, /volume_id is missing/],
  [
    'a foreign volume id',
    { volumeId: 'non-existing-volume-id', mutableParameters: { x: 'y' } },
    5,
    /^DISK_NOT_FOUND/,
  ],
  ['a volume that does not exist', { volumeId: diskIds.create() }, 5, /^DISK_NOT_FOUND/],
])('%s is refused', async (_, fields, code, message) => {
  await caller.refuses('ControllerModifyVolume', fields, code, message)
})
