import { beforeEach, describe, expect, test } from 'vitest'
import { type DiskId, diskIds, type PolicyKind } from '../../src/volumegroups/index.ts'
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
  ['an I/O limit', { iopsLimit: '100' }, /mutable_parameters\.iopsLimit can not be held: neither target/],
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

test('all faults are told at once, those of the parameters and then those of what they name', async () => {
  const faults = { snapshotPolicy: 'x', iops: '1', bandwidth: '1', labels: 'a,=b,c=d,c=e', foo: 'y' }
  await caller.refuses(
    'ControllerModifyVolume',
    { volumeId, mutableParameters: faults },
    3,
    /iops can not be held: neither target, tgt nor LIO.*bandwidth can not.*foo is not known.*"a" is not written as key=value.*"=b" is not.*"c=e" names its key twice/,
  )
  const missing = { snapshotPolicy: 'x', protectionPolicy: 'y' }
  await caller.refuses(
    'ControllerModifyVolume',
    { volumeId, mutableParameters: missing },
    3,
    /no snapshot policy "x".*no protection policy "y"/,
  )
})

describe('labels', () => {
  const labels = async (id = volumeId) => {
    const { groupId } = await caller.groups.getDisk(id as DiskId)
    return (await caller.groups.getGroup(groupId)).labels
  }

  test.each<[string, object]>([
    ['app=shop', { app: 'shop' }],
    ['app=shop,tier=gold', { app: 'shop', tier: 'gold' }],
    ['query=a=b,empty=', { query: 'a=b', empty: '' }],
    ['', {}],
  ])('%j are set on the group of the volume, in place of those that it had', async (text, expected) => {
    await modify({ labels: 'old=1' })
    await modify({ ...BOTH, labels: text })
    expect(await labels()).toEqual(expected)
    await modify({ snapshotPolicy: '' })
    expect(await labels()).toEqual(expected)
  })

  test('a volume can be made with them', async () => {
    const request = volumeRequest('b', { mutableParameters: { labels: 'app=shop' } })
    const { volume } = await caller.call('CreateVolume', request)
    expect(await labels(volume!.volumeId)).toEqual({ app: 'shop' })
    expect(volume!.volumeContext).toEqual({})
  })
})

describe('a volume that is made again with other mutable parameters', () => {
  const first = { ...BOTH, labels: 'app=shop,tier=gold' }
  const make = (mutableParameters: object) =>
    caller.call('CreateVolume', volumeRequest('b', { mutableParameters }))

  test('is refused as ALREADY_EXISTS, and nothing is changed', async () => {
    const { volume } = await make(first)
    const before = await policiesOf(volume!.volumeId)
    for (const other of [
      {},
      { ...first, snapshotPolicy: 'west' },
      { ...first, labels: 'app=shop' },
      { labels: 'app=shop,tier=gold' },
      { ...BOTH, labels: '' },
    ]) {
      const request = volumeRequest('b', { mutableParameters: other })
      await caller.refuses('CreateVolume', request, 6, /^NAME_TAKEN/)
    }
    expect(await policiesOf(volume!.volumeId)).toEqual(before)
    expect(await make({ ...first, labels: 'tier=gold,app=shop' })).toEqual({ volume })
  })

  test('is the same volume with the same ones, though it was modified since, which stays', async () => {
    const { volume } = await make(first)
    await modify({ snapshotPolicy: '', protectionPolicy: '', labels: 'app=bank' }, volume!.volumeId)
    expect(await make(first)).toEqual({ volume })
    expect(await policiesOf(volume!.volumeId)).toEqual(NONE)
    const modified = { snapshotPolicy: '', protectionPolicy: '', labels: 'app=bank' }
    await caller.refuses('CreateVolume', volumeRequest('b', { mutableParameters: modified }), 6)
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
