import { expect, test } from 'vitest'
import {
  DEFAULT_DISK_BYTES,
  diskIds,
  MAX_ATTRIBUTES_BYTES,
  MAX_DISK_BYTES,
  MAX_LUN,
  recoveryPointIds,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import { addDisk, addInitiator, attach, diskSpec, type Make, MiB, readAll, refused } from './helpers.ts'

export function disksContract(make: Make): void {
  creation(make)
  sizes(make)
  retries(make)
  sources(make)
  growth(make)
  deletion(make)
  lists(make)
}

function creation(make: Make): void {
  test('a disk is made as asked for', async () => {
    await using made = await make()
    const { groups } = made
    const attributes = { fsType: 'ext4', note: 'ü' }
    const disk = await addDisk(groups, 'pvc-1', { attributes })
    expect(disk).toMatchObject({ name: 'pvc-1', sizeBytes: 16n * MiB, attributes, attachedTo: [] })
    expect(disk.source).toBeUndefined()
    expect(diskIds.is(disk.id)).toBe(true)
    expect(disk.lun).toBeGreaterThanOrEqual(1)
    expect(disk.lun).toBeLessThanOrEqual(MAX_LUN)
    expect(await groups.getDisk(disk.id)).toEqual(disk)
  })

  test('a named group is made on first use and shared after that', async () => {
    await using made = await make()
    const { groups } = made
    const group = { kind: 'named', name: 'db' } as const
    const a = await addDisk(groups, 'a', { project: '/t', createProject: true, group })
    const b = await addDisk(groups, 'b', { project: '/t', group })
    expect(b.groupId).toBe(a.groupId)
    expect(b.lun).not.toBe(a.lun)
    expect(await groups.getGroup(a.groupId)).toMatchObject({ name: 'db', project: '/t', implicit: false })
    expect((await addDisk(groups, 'c')).groupId).not.toBe(a.groupId)
  })

  test('an existing group must exist', async () => {
    await using made = await make()
    const { groups } = made
    const { id } = await groups.createGroup({ name: 'g', project: '/' })
    expect((await addDisk(groups, 'a', { group: { kind: 'existing', id } })).groupId).toBe(id)
    const unknown = { kind: 'existing', id: volumeGroupIds.create() } as const
    await refused(addDisk(groups, 'b', { group: unknown }), 'VOLUME_GROUP_NOT_FOUND')
  })

  test('a LUN is not used again in its group', async () => {
    await using made = await make()
    const { groups } = made
    const group = { kind: 'named', name: 'g' } as const
    const first = await addDisk(groups, 'a', { group })
    await addDisk(groups, 'b', { group })
    await groups.deleteDisk(first.id)
    const luns = (await groups.listDisks({ groupId: first.groupId })).items.map((disk) => disk.lun)
    const next = await addDisk(groups, 'c', { group })
    expect([first.lun, ...luns]).not.toContain(next.lun)
  })

  test('all faults of a request are told together', async () => {
    await using made = await make()
    const attributes = { note: 'x'.repeat(MAX_ATTRIBUTES_BYTES + 1) }
    const fields = ['name', 'attributes'].map((field) => expect.objectContaining({ field }))
    await refused(addDisk(made.groups, '', { attributes }), 'INVALID_ARGUMENT', {
      violations: expect.arrayContaining(fields),
    })
    expect((await made.groups.listDisks()).items).toEqual([])
    expect((await made.groups.listGroups()).items).toEqual([])
  })
}

function sizes(make: Make): void {
  test('a size is rounded up to whole units, and has a default', async () => {
    await using made = await make()
    const { groups } = made
    const sized = (name: string, requiredBytes?: bigint, limitBytes?: bigint) =>
      addDisk(groups, name, { size: { requiredBytes, limitBytes } })
    expect((await sized('a', 5n * MiB + 1n)).sizeBytes).toBe(6n * MiB)
    expect((await sized('b')).sizeBytes).toBe(DEFAULT_DISK_BYTES)
    expect((await sized('zero', 0n)).sizeBytes).toBe(DEFAULT_DISK_BYTES)
    expect((await sized('c', 3n * MiB, 3n * MiB)).sizeBytes).toBe(3n * MiB)
    expect((await sized('d', undefined, 7n * MiB)).sizeBytes).toBeLessThanOrEqual(7n * MiB)
  })

  test.each([
    ['contradictory', 20n * MiB, 10n * MiB],
    ['too large', MAX_DISK_BYTES + 1n, undefined],
    ['too small', undefined, 1n],
  ])('a size that is %s is refused', async (_, requiredBytes, limitBytes) => {
    await using made = await make()
    await refused(addDisk(made.groups, 'a', { size: { requiredBytes, limitBytes } }), 'SIZE_OUT_OF_RANGE')
  })
}

function retries(make: Make): void {
  test('a retry that fits gets the disk made before', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a', { attributes: { k: 'v' } })
    const again = (requiredBytes?: bigint, limitBytes?: bigint) =>
      addDisk(groups, 'a', { attributes: { k: 'v' }, size: { requiredBytes, limitBytes } })
    expect(await again(16n * MiB)).toEqual(disk)
    expect(await again(16n * MiB - 1n)).toEqual(disk)
    expect(await again(8n * MiB, 20n * MiB)).toEqual(disk)
    expect((await groups.listDisks()).items).toEqual([disk])
    expect((await groups.listGroups()).items).toHaveLength(1)
  })

  test('a retry that differs is refused', async () => {
    await using made = await make()
    const { groups } = made
    const other = await addDisk(groups, 'other', { group: { kind: 'named', name: 'g' } })
    const disk = await addDisk(groups, 'a')
    const source = { kind: 'disk', diskId: other.id } as const
    const differences = [
      { size: { requiredBytes: 32n * MiB, limitBytes: undefined } },
      { size: { requiredBytes: undefined, limitBytes: 8n * MiB } },
      { attributes: { k: 'v' } },
      { source },
      { group: { kind: 'named', name: 'g' } },
      { group: { kind: 'existing', id: other.groupId } },
    ] as const
    for (const difference of differences) {
      const entity = { kind: 'disk', id: disk.id }
      await refused(addDisk(groups, 'a', difference), 'NAME_TAKEN', { entity })
    }
  })

  test('the same name in another project is another disk', async () => {
    await using made = await make()
    const disk = await addDisk(made.groups, 'a')
    expect((await addDisk(made.groups, 'a', { project: '/team', createProject: true })).id).not.toBe(disk.id)
  })

  test('two calls at once make one disk', async () => {
    await using made = await make()
    const { groups } = made
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => addDisk(groups, 'a')))
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'ENTITY_BUSY' })
    }
    const disks = (await groups.listDisks()).items
    expect(disks).toHaveLength(1)
    expect(await addDisk(groups, 'a')).toEqual(disks[0])
  })
}

function sources(make: Make): void {
  test('a disk is cloned from a disk, and from a recovery point that outlived it', async () => {
    await using made = await make()
    const { groups } = made
    const origin = await addDisk(groups, 'origin')
    const source = { kind: 'disk', diskId: origin.id } as const
    const clone = await addDisk(groups, 'clone', { source })
    expect(clone).toMatchObject({ source, sizeBytes: origin.sizeBytes })
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [origin.id], grouped: false })
    await groups.deleteDisk(origin.id)
    const image = { kind: 'recoveryPoint', recoveryPointId: point.id, diskId: origin.id } as const
    const size = { requiredBytes: 32n * MiB, limitBytes: undefined }
    expect(await addDisk(groups, 'restored', { source: image, size })).toMatchObject({
      source: image,
      sizeBytes: 32n * MiB,
    })
    expect(await addDisk(groups, 'clone', { source })).toEqual(clone)
  })

  test('a disk that names no size is as large as its source', async () => {
    await using made = await make()
    const { groups } = made
    const origin = await addDisk(groups, 'origin')
    const size = { requiredBytes: undefined, limitBytes: undefined }
    const clone = await addDisk(groups, 'clone', { source: { kind: 'disk', diskId: origin.id }, size })
    expect(clone.sizeBytes).toBe(origin.sizeBytes)
  })

  test('a source that is missing or too large is refused', async () => {
    await using made = await make()
    const { groups } = made
    const origin = await addDisk(groups, 'origin')
    const stranger = await addDisk(groups, 'stranger')
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [origin.id], grouped: false })
    const from = (recoveryPointId: typeof point.id, diskId: typeof origin.id) =>
      addDisk(groups, 'new', { source: { kind: 'recoveryPoint', recoveryPointId, diskId } })
    const missing = { kind: 'disk', diskId: diskIds.create() } as const
    await refused(addDisk(groups, 'new', { source: missing }), 'DISK_NOT_FOUND')
    await refused(from(recoveryPointIds.create(), origin.id), 'RECOVERY_POINT_NOT_FOUND')
    await refused(from(point.id, stranger.id), 'RECOVERY_POINT_NOT_FOUND')
    const size = { requiredBytes: 8n * MiB, limitBytes: undefined }
    const source = { kind: 'disk', diskId: origin.id } as const
    await refused(addDisk(groups, 'new', { source, size }), 'SIZE_OUT_OF_RANGE')
    expect((await groups.listDisks({ name: 'new' })).items).toEqual([])
  })
}

function growth(make: Make): void {
  test('a disk grows, never shrinks, also while it is attached', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await addInitiator(groups, 'n1')
    await attach(groups, disk.id, 'n1')
    const grow = (requiredBytes: bigint, limitBytes?: bigint) =>
      groups.growDisk(disk.id, { requiredBytes, limitBytes })
    const grown = await grow(20n * MiB + 1n)
    expect(grown).toMatchObject({ id: disk.id, sizeBytes: 21n * MiB, lun: disk.lun, attachedTo: ['n1'] })
    expect(grown.generation).toBeGreaterThan(disk.generation)
    expect(await grow(20n * MiB)).toEqual(grown)
    expect(await groups.getDisk(disk.id)).toEqual(grown)
    await refused(grow(4n * MiB, 8n * MiB), 'SIZE_OUT_OF_RANGE')
    await refused(grow(MAX_DISK_BYTES + 1n), 'SIZE_OUT_OF_RANGE')
    await refused(grow(40n * MiB, 30n * MiB), 'SIZE_OUT_OF_RANGE')
  })

  test('an unknown disk does not grow', async () => {
    await using made = await make()
    const id = diskIds.create()
    const size = { requiredBytes: MiB, limitBytes: undefined }
    await refused(made.groups.growDisk(id, size), 'DISK_NOT_FOUND', { entity: { kind: 'disk', id } })
  })
}

function deletion(make: Make): void {
  test('a deleted disk is gone, and deleting it again is no error', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await groups.deleteDisk(disk.id)
    await refused(groups.getDisk(disk.id), 'DISK_NOT_FOUND', { entity: { kind: 'disk', id: disk.id } })
    await groups.deleteDisk(disk.id)
    await groups.deleteDisk(diskIds.create())
    expect((await groups.createDisk(diskSpec('a'))).id).not.toBe(disk.id)
  })

  test('an attached disk is not deleted, and the error names its holder', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await addInitiator(groups, 'n1')
    await attach(groups, disk.id, 'n1')
    const message = expect.stringContaining('n1')
    await refused(groups.deleteDisk(disk.id), 'DISK_ATTACHED', { message })
    expect((await groups.getDisk(disk.id)).attachedTo).toEqual(['n1'])
  })
}

function lists(make: Make): void {
  test('lists filter by group and name, and page while disks come and go', async () => {
    await using made = await make()
    const { groups } = made
    const group = { kind: 'named', name: 'g' } as const
    const disks = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) disks.push(await addDisk(groups, name, { group }))
    await addDisk(groups, 'x')
    const groupId = disks[0]!.groupId
    const paged = await readAll((query) => groups.listDisks({ ...query, groupId }), 2)
    expect(paged).toEqual(disks)
    expect((await groups.listDisks({ name: 'c' })).items).toEqual([disks[2]])
    expect((await groups.listDisks({ groupId: volumeGroupIds.create() })).items).toEqual([])

    const page = await groups.listDisks({ groupId, limit: 2 })
    await groups.deleteDisk(disks[1]!.id)
    const { items } = await groups.listDisks({ groupId, limit: 10, token: page.nextToken })
    expect(items).toEqual(disks.slice(2))
  })
}
