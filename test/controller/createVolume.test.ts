// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the templates under test
import { expect, test } from 'vitest'
import { diskIds, recoveryPointIds } from '../../src/volumegroups/index.ts'
import { blockOf, FakeCaller, fakeCaller, GIB, gib, mountOf, volumeRequest } from '../fakes/csi-controller.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'

const SITE = { segments: { 'csi.mooring.storage/site': 'site-1' } }
const ELSEWHERE = { segments: { 'csi.mooring.storage/site': 'site-2' } }
const METADATA = {
  'csi.storage.k8s.io/pvc/namespace': 'shop',
  'csi.storage.k8s.io/pvc/name': 'db-0',
  'csi.storage.k8s.io/pv/name': 'pvc-1',
}

test('a volume has the size asked for, its context, and the site as its topology', async () => {
  const caller = fakeCaller()
  const parameters = { fsType: 'xfs', mkfsOptions: ' -m reflink=0 ', ...METADATA }
  const { volume } = await caller.call('CreateVolume', volumeRequest('a', { parameters }))
  expect(volume).toMatchObject({
    capacityBytes: gib(1n),
    volumeContext: { fsType: 'xfs', mkfsOptions: '-m reflink=0' },
    contentSource: null,
    accessibleTopology: [SITE],
  })
  expect(diskIds.is(volume!.volumeId)).toBe(true)
})

test('encryption is told to the node, and what is no encryption is refused', async () => {
  const caller = fakeCaller()
  const request = (encryption: string) => volumeRequest('a', { parameters: { encryption } })
  const { volume } = await caller.call('CreateVolume', request('luks'))
  expect(volume?.volumeContext).toEqual({ encryption: 'luks' })
  await caller.refuses('CreateVolume', request('LUKS'), 3, /parameters\.encryption is not luks/)
})

test('the same name and request give the same volume', async () => {
  const caller = fakeCaller()
  const id = await caller.volume('a')
  expect(await caller.volume('a')).toBe(id)
  expect(await caller.volume('a', { capacityRange: null })).toBe(id)
  expect(await caller.volume('b')).not.toBe(id)
})

test('a retry after the volume grew gives the volume as it is now', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('a')
  await caller.call('ControllerExpandVolume', { volumeId, capacityRange: { requiredBytes: gib(2n) } })
  const { volume } = await caller.call('CreateVolume', volumeRequest('a'))
  expect(volume).toMatchObject({ volumeId, capacityBytes: gib(2n) })
})

test('a name can be used again once its volume is deleted', async () => {
  const caller = fakeCaller()
  const id = await caller.volume('a')
  await caller.call('DeleteVolume', { volumeId: id })
  expect(await caller.volume('a')).not.toBe(id)
})

test.each<[string, object]>([
  ['another size', { capacityRange: { requiredBytes: gib(2n) } }],
  ['a smaller limit', { capacityRange: { limitBytes: (GIB - 1n).toString() } }],
  ['another file system', { parameters: { fsType: 'btrfs' } }],
  ['another volume group', { parameters: { volumeGroup: 'team' } }],
  ['another project', { parameters: { project: '/team' } }],
])('a name that exists with %s is refused', async (_what, fields) => {
  const caller = fakeCaller()
  await caller.volume('a')
  await caller.refuses('CreateVolume', volumeRequest('a', fields), 6, /^NAME_TAKEN: /)
})

test('a name that exists from another source is refused', async () => {
  const caller = fakeCaller()
  const source = await caller.volume('source')
  await caller.volume('a')
  const fields = { volumeContentSource: { volume: { volumeId: source } } }
  await caller.refuses('CreateVolume', volumeRequest('a', fields), 6, /^NAME_TAKEN: /)
})

test.each<[string, object, RegExp]>([
  ['no name', { name: '' }, /name is missing/],
  ['no capabilities', { volumeCapabilities: [] }, /volume_capabilities is missing/],
  ['no access type', { volumeCapabilities: [{ accessMode: { mode: 1 } }] }, /\[0\] has no access type/],
  ['no access mode', { volumeCapabilities: [{ mount: {} }] }, /\[0\] has no access mode/],
  [
    'writers on several nodes on a file system',
    { volumeCapabilities: [mountOf('', 'MULTI_NODE_MULTI_WRITER')] },
    /^UNSUPPORTED_CAPABILITY: .*block volumes only/,
  ],
  [
    'one of two capabilities unsupported',
    { volumeCapabilities: [blockOf(), mountOf('zfs')] },
    /volume_capabilities\[1\]: the file system zfs/,
  ],
  ['a negative size', { capacityRange: { requiredBytes: '-1' } }, /negative/],
  [
    'unknown parameters, all told',
    { parameters: { pool: 'a', tier: 'b' } },
    /^UNKNOWN_PARAMETER: parameters\.pool is not known.*parameters\.tier is not known/,
  ],
  [
    'unknown mutable parameters',
    { mutableParameters: { color: 'x' } },
    /^UNKNOWN_PARAMETER: mutable_parameters\.color/,
  ],
  [
    'an unknown file system',
    { parameters: { fsType: 'ntfs' } },
    /parameters\.fsType is not one of ext4, xfs, btrfs/,
  ],
  ['mkfs options with a path', { parameters: { mkfsOptions: '-d /etc' } }, /parameters\.mkfsOptions has/],
  [
    'clashing file systems',
    { parameters: { fsType: 'xfs' }, volumeCapabilities: [mountOf('ext4')] },
    /different file systems: ext4, xfs/,
  ],
  ['a project that is no path', { parameters: { project: 'team' } }, /project/],
  [
    'a source that names nothing',
    { volumeContentSource: { snapshot: {} } },
    /volume_content_source names no/,
  ],
])('%s is an invalid argument', async (_what, fields, message) => {
  await fakeCaller().refuses('CreateVolume', volumeRequest('a', fields), 3, message)
})

test('all faults of a request are told at once', async () => {
  const fields = { parameters: { pool: 'x' }, volumeCapabilities: [], capacityRange: { requiredBytes: '-5' } }
  const wanted = /volume_capabilities is missing; parameters\.pool .*; name is missing; capacity_range holds/
  await fakeCaller().refuses('CreateVolume', volumeRequest('', fields), 3, wanted)
})

test.each<[string, object]>([
  ['a limit below the size', { requiredBytes: gib(2n), limitBytes: gib(1n) }],
  ['a size that no disk can have', { requiredBytes: (2n ** 60n).toString() }],
  ['a limit below the smallest disk', { limitBytes: '5' }],
])('%s is out of range', async (_what, capacityRange) => {
  await fakeCaller().refuses(
    'CreateVolume',
    volumeRequest('a', { capacityRange }),
    11,
    /^SIZE_OUT_OF_RANGE: /,
  )
})

test('a full pool is resource exhausted', async () => {
  const caller = new FakeCaller(new FakeVolumeGroups({ totalBytes: GIB }))
  await caller.volume('a')
  await caller.refuses('CreateVolume', volumeRequest('b'), 8, /^NO_SPACE: /)
})

test.each<[string, object]>([
  ['this site', { requisite: [SITE], preferred: [SITE] }],
  ['several sites, this one among them', { requisite: [ELSEWHERE, SITE] }],
  ['this site, key in capitals', { requisite: [{ segments: { 'CSI.mooring.storage/Site': 'site-1' } }] }],
  ['another site as a preference only', { preferred: [ELSEWHERE] }],
])('a volume is made when it must be reachable from %s', async (_what, accessibilityRequirements) => {
  const request = volumeRequest('a', { accessibilityRequirements })
  const { volume } = await fakeCaller().call('CreateVolume', request)
  expect(volume!.accessibleTopology).toEqual([SITE])
})

test.each<[string, object]>([
  ['another site', ELSEWHERE],
  ['an element elsewhere', { segments: { 'csi.mooring.storage/element': 'e-9' } }],
  ['a topology of somebody else', { segments: { 'other.example/zone': 'site-1' } }],
])('a volume that must be reachable from %s is resource exhausted', async (_what, topology) => {
  const request = volumeRequest('a', { accessibilityRequirements: { requisite: [topology] } })
  await fakeCaller().refuses('CreateVolume', request, 8, /^TOPOLOGY_UNREACHABLE: .*site-1/)
})

test('volumes of one group template are in one volume group', async () => {
  const caller = fakeCaller()
  const parameters = { volumeGroup: '${pvc.namespace}-data', ...METADATA }
  const [a, b] = [await caller.volume('a', { parameters }), await caller.volume('b', { parameters })]
  const [own] = [await caller.volume('c')]
  const groupOf = async (id: string) => {
    const disk = (await caller.groups.listDisks()).items.find((item) => item.id === id)
    return caller.groups.getGroup(disk!.groupId)
  }
  expect(await groupOf(a)).toMatchObject({ name: 'shop-data', project: '/', implicit: false })
  expect((await groupOf(b)).id).toBe((await groupOf(a)).id)
  expect(await groupOf(own)).toMatchObject({ implicit: true })
})

test('every variable of a template is put in', async () => {
  const caller = fakeCaller()
  const parameters = {
    volumeGroup: '${pvc.namespace}/${pvc.name}/${pv.name}',
    project: '/teams/${pvc.namespace}',
    createProject: 'true',
    ...METADATA,
  }
  await caller.volume('a', { parameters })
  const { items } = await caller.groups.listGroups()
  expect(items).toMatchObject([{ name: 'shop/db-0/pvc-1', project: '/teams/shop' }])
})

test('a project that is not there is made only when the class says so', async () => {
  const caller = fakeCaller()
  const inProject = (more: object) => volumeRequest('a', { parameters: { project: '/team', ...more } })
  await caller.refuses('CreateVolume', inProject({}), 5, /^PROJECT_NOT_FOUND: /)
  await caller.refuses('CreateVolume', inProject({ createProject: 'false' }), 5, /^PROJECT_NOT_FOUND: /)
  await caller.refuses('CreateVolume', inProject({ createProject: 'yes' }), 3, /neither true nor false/)
  await caller.refuses('CreateVolume', inProject({ project: '/${pvc.uid}' }), 3, /parameters\.project uses/)
  await caller.call('CreateVolume', inProject({ createProject: 'true' }))
  await caller.call('CreateVolume', inProject({}))
})

test.each<[string, string, RegExp]>([
  [
    'that the request does not send',
    '${pvc.name}',
    /has no csi\.storage\.k8s\.io\/pvc\/name: run external-provisioner with --extra-create-metadata/,
  ],
  ['that does not exist', '${pvc.uid}', /uses \$\{pvc\.uid\}; known are pvc\.namespace, pvc\.name, pv\.name/],
  ['that is every object’s', '${constructor}', /uses \$\{constructor\}/],
  ['that is not closed', 'a-${pvc.name', /without its closing brace/],
])('a template with a variable %s is refused', async (_what, volumeGroup, message) => {
  await fakeCaller().refuses('CreateVolume', volumeRequest('a', { parameters: { volumeGroup } }), 3, message)
})

test('a volume from a snapshot has its content source, and at least its size', async () => {
  const caller = fakeCaller()
  const snapshotId = await caller.snapshot('s', await caller.volume('source'))
  const volumeContentSource = { snapshot: { snapshotId } }
  const request = volumeRequest('a', { volumeContentSource, capacityRange: null })
  const { volume } = await caller.call('CreateVolume', request)
  expect(volume).toMatchObject({ capacityBytes: gib(1n), contentSource: { snapshot: { snapshotId } } })
  const larger = volumeRequest('b', { volumeContentSource, capacityRange: { requiredBytes: gib(3n) } })
  expect((await caller.call('CreateVolume', larger)).volume).toMatchObject({ capacityBytes: gib(3n) })
})

test('a snapshot can be restored after its volume is gone', async () => {
  const caller = fakeCaller()
  const source = await caller.volume('source', { parameters: { fsType: 'xfs' } })
  const snapshotId = await caller.snapshot('s', source)
  await caller.call('DeleteVolume', { volumeId: source })
  const fields = { volumeContentSource: { snapshot: { snapshotId } }, parameters: { fsType: 'xfs' } }
  expect(await caller.volume('a', fields)).not.toBe(source)
})

test('a clone has its content source, and is made once', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('source')
  const request = volumeRequest('a', { volumeContentSource: { volume: { volumeId } } })
  const { volume } = await caller.call('CreateVolume', request)
  expect(volume!.contentSource).toMatchObject({ volume: { volumeId } })
  expect((await caller.call('CreateVolume', request)).volume!.volumeId).toBe(volume!.volumeId)
})

test('a volume smaller than its source is out of range', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('source', { capacityRange: { requiredBytes: gib(2n) } })
  const request = volumeRequest('a', { volumeContentSource: { volume: { volumeId } } })
  await caller.refuses('CreateVolume', request, 11, /^SIZE_OUT_OF_RANGE: /)
})

test.each(['snapshot', 'volume'])('a source %s with another file system is refused', async (kind) => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('source', { parameters: { fsType: 'xfs' } })
  const snapshotId = await caller.snapshot('s', volumeId)
  const volumeContentSource = kind === 'volume' ? { volume: { volumeId } } : { snapshot: { snapshotId } }
  const request = volumeRequest('a', { volumeContentSource, parameters: { fsType: 'ext4' } })
  await caller.refuses('CreateVolume', request, 3, /has the file system xfs, and ext4 is asked for/)
})

test.each<[string, object]>([
  ['volume', { volume: { volumeId: diskIds.create() } }],
  ['volume of a foreign id', { volume: { volumeId: 'none-exist-id' } }],
  [
    'snapshot',
    { snapshot: { snapshotId: `snap-${recoveryPointIds.create().slice(3)}.${diskIds.create().slice(5)}` } },
  ],
  ['snapshot of a foreign id', { snapshot: { snapshotId: 'non-existing-snapshot-id' } }],
])('a source %s that does not exist is not found', async (_what, volumeContentSource) => {
  await fakeCaller().refuses('CreateVolume', volumeRequest('a', { volumeContentSource }), 5, /_NOT_FOUND: /)
})

test('what is at fault in the request comes before a source that does not exist', async () => {
  const fields = { volumeContentSource: { volume: { volumeId: 'none' } } }
  await fakeCaller().refuses('CreateVolume', volumeRequest('', fields), 3, /name is missing/)
})

test('a name of 128 bytes, with any letters, is accepted', async () => {
  const caller = fakeCaller()
  const name = `${'ä'.repeat(60)}ABCDEF_-`
  expect(await caller.volume(name)).toBe(await caller.volume(name))
})
