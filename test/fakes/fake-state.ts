import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  type Attachment,
  CATALOGUE,
  type ChapCredentials,
  type Connection,
  DEFAULT_LEASE_TIMES,
  type Disk,
  type DiskId,
  type DiskImage,
  type DiskSource,
  type DiskSpec,
  diskIds,
  type EntityRef,
  type GrantSpec,
  type GroupChoice,
  type GroupPointSpec,
  type ImageRef,
  type Initiator,
  type InitiatorId,
  type InitiatorSpec,
  type Lease,
  type LeaseRenewal,
  MAX_DISK_BYTES,
  MAX_LUN,
  naaOf,
  type PointTerms,
  type PoolCapacity,
  type ProjectPath,
  type Reason,
  type RecoveryPoint,
  type RecoveryPointId,
  type RecoveryPointSpec,
  recoveryPointIds,
  type SizeRange,
  StorageError,
  serialOf,
  targetNameOf,
  type VolumeGroup,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'
import { refuseLocked } from '../../src/volumegroups/rules/locks.ts'
import { askTheSame } from '../../src/volumegroups/rules/same.ts'
import { isWithin, sizeFor } from '../../src/volumegroups/rules/sizes.ts'
import type { FakePolicies } from './fake-policies.ts'
import { FakeProjects } from './fake-projects.ts'
import { FakeTable } from './fake-table.ts'

/** A disk without what follows from the attachments. */
export type StoredDisk = Omit<Disk, 'attachedTo'>

/** What an element of fakes holds, and the rules that need to look at it. */
export class FakeState {
  readonly projects = new FakeProjects(this)
  readonly groups = new FakeTable<VolumeGroup>('volume groups')
  readonly disks = new FakeTable<StoredDisk>('disks')
  readonly points = new FakeTable<RecoveryPoint>('recovery points')
  readonly images = new FakeTable<DiskImage>('disk images')
  readonly initiators = new FakeTable<Initiator>('initiators')
  readonly attachments = new FakeTable<Attachment>('attachments')
  readonly credentials = new Map<InitiatorId, ChapCredentials>()
  readonly leases = new Map<InitiatorId, LeaseRenewal>()
  readonly #lastLun = new Map<VolumeGroupId, number>()
  readonly #totalBytes: bigint

  constructor(totalBytes: bigint) {
    this.#totalBytes = totalBytes
  }

  capacity(): PoolCapacity {
    const usedBytes = this.disks.filter(() => true).reduce((sum, disk) => sum + disk.sizeBytes, 0n)
    const availableBytes = this.#totalBytes - usedBytes
    const maximumDiskBytes = least(availableBytes, MAX_DISK_BYTES)
    const pool = { totalBytes: this.#totalBytes, usedBytes, promisedBytes: usedBytes, state: 'ok' as const }
    return { ...pool, availableBytes, maximumDiskBytes }
  }

  #reserve(moreBytes: bigint): void {
    const { availableBytes } = this.capacity()
    if (moreBytes > availableBytes) {
      throw new StorageError('NO_SPACE', `${moreBytes} bytes are needed and ${availableBytes} are free`)
    }
  }

  group(id: VolumeGroupId): VolumeGroup {
    return this.groups.get(id) ?? fail('VOLUME_GROUP_NOT_FOUND', { kind: 'volumeGroup', id })
  }

  disk(id: DiskId): StoredDisk {
    return this.disks.get(id) ?? fail('DISK_NOT_FOUND', { kind: 'disk', id })
  }

  initiator(id: InitiatorId): Initiator {
    return this.initiators.get(id) ?? fail('INITIATOR_NOT_FOUND', { kind: 'initiator', id })
  }

  view(disk: StoredDisk): Disk {
    return { ...disk, attachedTo: this.holders(disk.id) }
  }

  holders(id: DiskId): InitiatorId[] {
    return this.attachments.filter(({ diskId }) => diskId === id).map(({ initiatorId }) => initiatorId)
  }

  #projectOf(item: { readonly groupId: VolumeGroupId }): ProjectPath {
    return this.group(item.groupId).project
  }

  groupNamed(project: ProjectPath, name: string): VolumeGroup | undefined {
    return this.groups.find((group) => group.project === project && group.name === name)
  }

  addGroup(project: ProjectPath, name: string | undefined): VolumeGroup {
    const id = volumeGroupIds.create()
    const implicit = name === undefined
    const made = { generation: 1, epoch: 1, labels: {}, createdAt: new Date() }
    return this.groups.put(id, { id, name: name ?? id, project, implicit, ...made })
  }

  /** The disk made before under the name, if it fits; else a new one. */
  diskFor(spec: DiskSpec, policies: Pick<FakePolicies, 'check' | 'setAll'>): Disk {
    const { group } = spec
    const project = group.kind === 'existing' ? this.group(group.id).project : spec.project
    if (group.kind !== 'existing') this.projects.ensure(spec)
    const known = this.disks.find((disk) => disk.name === spec.name && this.#projectOf(disk) === project)
    if (known === undefined) {
      policies.check(project, spec.groupChanges ?? {})
      const disk = this.#addDisk(spec, project)
      policies.setAll(disk.groupId, spec.groupChanges ?? {})
      return disk
    }
    if (!this.#fits(known, spec)) fail('NAME_TAKEN', { kind: 'disk', id: known.id }, `${spec.name} differs`)
    return this.view(known)
  }

  grow(id: DiskId, size: SizeRange): Disk {
    const disk = this.disk(id)
    const { requiredBytes = 0n, limitBytes } = size
    if (limitBytes !== undefined && disk.sizeBytes > limitBytes) {
      fail('SIZE_OUT_OF_RANGE', { kind: 'disk', id }, `it has ${disk.sizeBytes} bytes already`)
    }
    if (disk.sizeBytes >= requiredBytes) return this.view(disk)
    const sizeBytes = sizeFor(size, disk.sizeBytes)
    this.#reserve(sizeBytes - disk.sizeBytes)
    this.touch(disk.groupId)
    return this.view(this.disks.put(id, { ...disk, sizeBytes, generation: disk.generation + 1 }))
  }

  recoveryPoint(spec: RecoveryPointSpec): RecoveryPoint {
    const disks = spec.diskIds.map((id) => this.disk(id))
    const project = this.#projectOf(disks[0]!)
    const known = this.points.find((point) => point.name === spec.name && this.#projectOf(point) === project)
    if (known === undefined) return this.#addPoint(spec, disks)
    const same = isDeepStrictEqual(new Set(known.disks.map((disk) => disk.diskId)), new Set(spec.diskIds))
    if (!same || known.grouped !== spec.grouped) {
      fail('NAME_TAKEN', { kind: 'recoveryPoint', id: known.id }, `${spec.name} differs`)
    }
    return known
  }

  groupPoint({ groupId, ...spec }: GroupPointSpec): RecoveryPoint {
    const { project } = this.group(groupId)
    const known = this.points.find((point) => point.name === spec.name && this.#projectOf(point) === project)
    const disks = this.disks.filter((disk) => disk.groupId === groupId)
    if (known?.groupId === groupId && known.grouped) return known
    if (known) fail('NAME_TAKEN', { kind: 'recoveryPoint', id: known.id }, `${spec.name} differs`)
    if (disks.length === 0) fail('VOLUME_GROUP_EMPTY', { kind: 'volumeGroup', id: groupId })
    return this.#addPoint({ ...spec, grouped: true, diskIds: [] }, disks)
  }

  revert(id: RecoveryPointId, keepAs: string): RecoveryPoint {
    const { groupId, disks: images } = this.point(id)
    const disks = this.disks.filter((disk) => disk.groupId === groupId)
    const known = this.points.find(
      (point) => point.name === keepAs && this.#projectOf(point) === this.group(groupId).project,
    )
    if (known?.labels['reverted-to'] === id) return known
    if (known) fail('NAME_TAKEN', { kind: 'recoveryPoint', id: known.id }, `${keepAs} differs`)
    if (disks.length === 0) fail('VOLUME_GROUP_EMPTY', { kind: 'volumeGroup', id: groupId })
    for (const disk of disks) this.refuseHeld(disk.id)
    if (!disks.some((disk) => images.some(({ diskId }) => diskId === disk.id))) {
      fail('DISK_NOT_FOUND', { kind: 'recoveryPoint', id }, 'none of its disks is there')
    }
    const labels = { 'reverted-to': id }
    return this.#addPoint({ name: keepAs, grouped: true, diskIds: [], labels }, disks)
  }

  restore(id: RecoveryPointId, { name, project }: { name: string; project: ProjectPath }): VolumeGroup {
    const point = this.point(id)
    const known = this.groupNamed(project, name)
    if (known) return this.#restoredFrom(point, known)
    const group = this.addGroup(project, name)
    for (const { diskId, sizeBytes } of point.disks) {
      const made = this.#addDisk(
        {
          ...{ name: diskIds.create(), project, group: { kind: 'existing', id: group.id } },
          size: { requiredBytes: sizeBytes, limitBytes: undefined },
          source: { kind: 'recoveryPoint', recoveryPointId: id, diskId },
          attributes: this.disks.get(diskId)?.attributes ?? {},
        },
        project,
      )
      const { attachedTo: _, ...disk } = made
      this.disks.put(disk.id, { ...disk, name: disk.id })
    }
    return this.groups.put(group.id, { ...group, generation: 1 })
  }

  #restoredFrom(point: RecoveryPoint, group: VolumeGroup): VolumeGroup {
    const disks = this.disks.filter(({ groupId }) => groupId === group.id)
    const same = disks.every(
      ({ source }) => source?.kind === 'recoveryPoint' && source.recoveryPointId === point.id,
    )
    if (same && disks.length === point.disks.length) return group
    return fail('NAME_TAKEN', { kind: 'volumeGroup', id: group.id }, 'it holds something else')
  }

  point(id: RecoveryPointId): RecoveryPoint {
    return this.points.get(id) ?? fail('RECOVERY_POINT_NOT_FOUND', { kind: 'recoveryPoint', id })
  }

  setTerms(id: RecoveryPointId, terms: PointTerms): RecoveryPoint {
    const point = this.point(id)
    const { lockedUntil } = point
    if (!(lockedUntil && terms.lockedUntil && terms.lockedUntil >= lockedUntil))
      refuseLocked(point, new Date())
    return this.changePoint(point, terms)
  }

  /** The same terms change nothing. */
  changePoint(point: RecoveryPoint, { expiresAt, lockedUntil, labels }: PointTerms): RecoveryPoint {
    const changed = { ...point, expiresAt, lockedUntil, labels }
    if (isDeepStrictEqual(changed, point)) return point
    this.touch(point.groupId)
    return this.points.put(point.id, { ...changed, generation: point.generation + 1 })
  }

  image({ recoveryPointId: id, diskId }: ImageRef): DiskImage {
    const image = this.images.find((one) => one.recoveryPointId === id && one.diskId === diskId)
    return image ?? fail('RECOVERY_POINT_NOT_FOUND', { kind: 'recoveryPoint', id })
  }

  register(spec: InitiatorSpec): Initiator {
    const { id, name, maxAttachments } = spec
    const namesake = this.initiators.find((initiator) => initiator.name === name && initiator.id !== id)
    if (namesake !== undefined) {
      fail('INITIATOR_NAME_TAKEN', { kind: 'initiator', id: namesake.id }, `it has the name ${name}`)
    }
    const known = this.initiators.get(id)
    if (known && known.name !== name) this.refuseAttached(id)
    this.#makeCredentials(id)
    const registeredAt = known?.registeredAt ?? new Date()
    return this.initiators.put(id, { id, name, project: '/', maxAttachments, registeredAt })
  }

  /** Nobody's lease ever ends here. */
  renewLease({ initiatorId: id, instance, host }: LeaseRenewal): Lease {
    this.initiator(id)
    const last = this.leases.get(id)
    if (last && last.instance !== instance) {
      fail('LEASE_HELD', { kind: 'initiator', id }, `${last.host} is it, and ${host} is not`)
    }
    this.leases.set(id, { initiatorId: id, instance, host })
    const held = this.attachments.filter(({ initiatorId }) => initiatorId === id)
    const { durationMs, renewMs } = DEFAULT_LEASE_TIMES
    return {
      ...{ initiatorId: id, durationMs, renewMs },
      holds: held.map(({ diskId, grantedAt }) => ({ diskId, grantedAt })),
    }
  }

  grant(spec: GrantSpec): Attachment {
    const disk = this.disk(spec.diskId)
    const initiator = this.initiator(spec.initiatorId)
    const known = this.attachments.get(`${disk.id}/${initiator.id}`)
    if (known === undefined) return this.#attach(spec, disk, initiator)
    if (known.readOnly === spec.readOnly && known.shared === spec.shared) return known
    fail(
      'ATTACHED_DIFFERENTLY',
      { kind: 'disk', id: disk.id },
      `attached to ${initiator.id} with other rights`,
    )
  }

  connection(diskId: DiskId, initiatorId: InitiatorId): Connection {
    const attachment = this.attachments.get(`${diskId}/${initiatorId}`)
    if (attachment === undefined) {
      fail('ATTACHMENT_NOT_FOUND', { kind: 'disk', id: diskId }, `not attached to ${initiatorId}`)
    }
    const { targetName, lun, readOnly, shared, grantedAt } = attachment
    return {
      diskId,
      initiatorName: this.initiator(initiatorId).name,
      targetName,
      portals: [{ address: '127.0.0.1', port: 3260, groupTag: 1 }],
      lun,
      serial: serialOf(diskId),
      naa: naaOf(diskId),
      sizeBytes: this.disk(diskId).sizeBytes,
      readOnly,
      shared,
      grantedAt,
      chap: this.credentials.get(initiatorId),
    }
  }

  #addDisk(spec: DiskSpec, project: ProjectPath): Disk {
    const sizeBytes = sizeFor(spec.size, this.#sourceBytes(spec.source))
    this.#reserve(sizeBytes)
    const group = this.#groupFor(spec.group, project)
    const lun = (this.#lastLun.get(group.id) ?? 0) + 1
    if (lun > MAX_LUN) fail('LIMIT_REACHED', { kind: 'volumeGroup', id: group.id }, 'it has no LUN left')
    this.#lastLun.set(group.id, lun)
    this.touch(group.id)
    const { name, source, attributes, groupChanges } = spec
    const made = { id: diskIds.create(), groupId: group.id, generation: 1, createdAt: new Date() }
    const asked = { source, ...(groupChanges && { groupChanges }) }
    const disk: StoredDisk = { ...made, name, sizeBytes, lun, attributes: { ...attributes }, ...asked }
    return this.view(this.disks.put(disk.id, disk))
  }

  /** Whether a disk is what a repeated request asks for. */
  #fits(disk: StoredDisk, spec: DiskSpec): boolean {
    return (
      isWithin(disk.sizeBytes, spec.size) &&
      isChosen(this.group(disk.groupId), spec.group) &&
      isDeepStrictEqual(disk.source, spec.source) &&
      isDeepStrictEqual(disk.attributes, { ...spec.attributes }) &&
      askTheSame(disk, spec)
    )
  }

  #addPoint(spec: RecoveryPointSpec, disks: readonly StoredDisk[]): RecoveryPoint {
    const groupId = disks[0]!.groupId
    if (disks.some((disk) => disk.groupId !== groupId)) {
      fail('DISKS_NOT_TOGETHER', { kind: 'volumeGroup', id: groupId }, 'it does not hold all of the disks')
    }
    const { name, grouped, reason = 'user', expiresAt, lockedUntil, labels = {} } = spec
    const id = recoveryPointIds.create()
    const createdAt = new Date()
    const held = disks.map(({ id: diskId, sizeBytes }) => ({ diskId, sizeBytes }))
    for (const disk of held) {
      this.images.put(`${id}/${disk.diskId}`, { ...disk, recoveryPointId: id, grouped, createdAt })
    }
    this.touch(groupId)
    const terms = { expiresAt, lockedUntil, labels, generation: 1 }
    return this.points.put(id, { id, groupId, name, grouped, disks: held, reason, createdAt, ...terms })
  }

  #attach(spec: GrantSpec, disk: StoredDisk, initiator: Initiator): Attachment {
    const others = this.attachments.filter(({ diskId }) => diskId === disk.id)
    if (others.some((other) => !other.shared || !spec.shared)) {
      fail('DISK_ATTACHED', { kind: 'disk', id: disk.id }, this.#heldBy(disk.id))
    }
    const held = this.attachments.filter(({ initiatorId }) => initiatorId === initiator.id)
    if (initiator.maxAttachments > 0 && held.length >= initiator.maxAttachments) {
      const { id } = initiator
      fail('ATTACHMENT_LIMIT_REACHED', { kind: 'initiator', id }, `it holds ${held.length} disks`)
    }
    const targetName = targetNameOf(disk.groupId, initiator.id)
    const attachment = { ...spec, targetName, lun: disk.lun, grantedAt: new Date() }
    return this.attachments.put(`${disk.id}/${initiator.id}`, attachment)
  }

  #heldBy(id: DiskId): string {
    return this.holders(id)
      .map((holder) => `held by ${holder}, ${this.leases.has(holder) ? 'last' : 'never'} heard of`)
      .join('; ')
  }

  refuseAttached(id: InitiatorId): void {
    const held = this.attachments.filter(({ initiatorId }) => initiatorId === id).map(({ diskId }) => diskId)
    if (held.length > 0) fail('INITIATOR_IN_USE', { kind: 'initiator', id }, `it holds ${held.join(', ')}`)
  }

  refuseHeld(id: DiskId): void {
    const holders = this.holders(id)
    if (holders.length > 0) fail('DISK_ATTACHED', { kind: 'disk', id }, `held by ${holders.join(', ')}`)
  }

  touch(id: VolumeGroupId): void {
    const group = this.group(id)
    this.groups.put(id, { ...group, generation: group.generation + 1 })
  }

  /** After something left a group: an implicit one goes with the last thing in it. */
  release(id: VolumeGroupId): void {
    this.touch(id)
    if (this.group(id).implicit && this.contents(id).length === 0) this.groups.delete(id)
  }

  contents(id: VolumeGroupId): string[] {
    const inGroup = (item: { groupId: VolumeGroupId }) => item.groupId === id
    return [...this.disks.filter(inGroup), ...this.points.filter(inGroup)].map((item) => item.id)
  }

  #makeCredentials(id: InitiatorId): void {
    if (this.credentials.has(id)) return
    const secret = () => randomBytes(12).toString('hex')
    this.credentials.set(id, { user: id, secret: secret(), mutual: { user: 'element', secret: secret() } })
  }

  #groupFor(choice: GroupChoice, project: ProjectPath): VolumeGroup {
    if (choice.kind === 'own') return this.addGroup(project, undefined)
    if (choice.kind === 'existing') return this.group(choice.id)
    return this.groupNamed(project, choice.name) ?? this.addGroup(project, choice.name)
  }

  #sourceBytes(source: DiskSource | undefined): bigint | undefined {
    if (source === undefined) return undefined
    if (source.kind === 'disk') return this.disk(source.diskId).sizeBytes
    const image = this.images.get(`${source.recoveryPointId}/${source.diskId}`)
    return (image ?? fail('RECOVERY_POINT_NOT_FOUND', { kind: 'recoveryPoint', id: source.recoveryPointId }))
      .sizeBytes
  }
}

const least = (...values: bigint[]): bigint => values.sort((a, b) => (a < b ? -1 : 1))[0]!

function isChosen(group: VolumeGroup, choice: GroupChoice): boolean {
  if (choice.kind === 'own') return group.implicit
  return choice.kind === 'existing' ? group.id === choice.id : group.name === choice.name
}

export function fail(reason: Reason, entity: EntityRef, more = CATALOGUE[reason].meaning as string): never {
  throw new StorageError(reason, `${entity.id}: ${more}`, { entity })
}
