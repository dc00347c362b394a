import type {
  DeletedFilter,
  DeletedThing,
  DeleteOptions,
  Deletion,
  Disk,
  DiskId,
  Page,
  UndeleteOptions,
  VolumeGroup,
  VolumeGroupId,
} from '../../src/volumegroups/index.ts'
import { checkDeletion, checkUndeletion } from '../../src/volumegroups/rules/requests.ts'
import { type FakeState, fail, type StoredDisk } from './fake-state.ts'
import { FakeTable } from './fake-table.ts'

type Deleted = Deletion &
  (
    | { readonly kind: 'disk'; readonly disk: StoredDisk }
    | { readonly kind: 'volumeGroup'; readonly group: VolumeGroup }
  )

/** What was deleted and can be had again. Without a grace time of its own, nothing is kept. */
export class FakeDeletions {
  readonly #state: FakeState
  readonly #deleted = new FakeTable<Deleted>('deleted')

  constructor(state: FakeState) {
    this.#state = state
  }

  deleteDisk(id: DiskId, options: DeleteOptions): void {
    checkDeletion(options)
    const disk = this.#state.disks.get(id)
    if (disk === undefined) return
    this.#state.refuseHeld(id)
    const group = this.#state.group(disk.groupId)
    const deletion = deletionBy(options)
    this.#state.disks.delete(id)
    if (options.graceMs) this.#deleted.put(id, { ...deletion, kind: 'disk', disk })
    this.#state.release(disk.groupId)
    if (this.#state.groups.get(group.id) === undefined) this.#keepGroup(group, deletion, options)
  }

  deleteGroup(id: VolumeGroupId, options: DeleteOptions): void {
    checkDeletion(options)
    const group = this.#state.groups.get(id)
    if (group === undefined) return
    const held = this.#state.contents(id)
    if (held.length > 0)
      fail('VOLUME_GROUP_NOT_EMPTY', { kind: 'volumeGroup', id }, `it holds ${held.join(', ')}`)
    this.#state.groups.delete(id)
    this.#keepGroup(group, deletionBy(options), options)
  }

  #keepGroup(group: VolumeGroup, deletion: Deletion, { graceMs = 0 }: DeleteOptions): void {
    const times = this.#disksOf(group.id).map(({ restorableUntil }) => restorableUntil.getTime())
    if (graceMs === 0 && times.length === 0) return
    const restorableUntil = new Date(Math.max(deletion.restorableUntil.getTime(), ...times))
    this.#deleted.put(group.id, { ...deletion, restorableUntil, kind: 'volumeGroup', group })
  }

  undeleteDisk(id: DiskId, { name }: UndeleteOptions): Disk {
    checkUndeletion({ name })
    const deleted = this.#deleted.get(id)
    if (deleted?.kind !== 'disk') return this.#state.view(this.#state.disk(id))
    const disk = { ...deleted.disk, name: name ?? deleted.disk.name }
    const live = this.#state.groups.get(disk.groupId)
    const parent = this.#deleted.get(disk.groupId)
    const group = live ?? (parent?.kind === 'volumeGroup' ? parent.group : this.#state.group(disk.groupId))
    if (live === undefined && !group.implicit)
      fail('VOLUME_GROUP_DELETED', { kind: 'volumeGroup', id: group.id }, 'undelete it first')
    const holder = this.#state.disks.find(
      (other) => other.name === disk.name && this.#state.group(other.groupId).project === group.project,
    )
    if (holder) fail('NAME_TAKEN', { kind: 'disk', id: holder.id }, 'choose another name')
    if (live === undefined) this.#state.groups.put(group.id, group)
    this.#deleted.delete(group.id)
    this.#deleted.delete(id)
    this.#state.touch(group.id)
    return this.#state.view(this.#state.disks.put(id, { ...disk, generation: disk.generation + 1 }))
  }

  undeleteGroup(id: VolumeGroupId, { name }: UndeleteOptions): VolumeGroup {
    checkUndeletion({ name })
    const deleted = this.#deleted.get(id)
    if (deleted?.kind !== 'volumeGroup') return this.#state.group(id)
    const group = { ...deleted.group, name: name ?? deleted.group.name }
    const holder = this.#state.groupNamed(group.project, group.name)
    if (holder) fail('NAME_TAKEN', { kind: 'volumeGroup', id: holder.id }, 'choose another name')
    this.#deleted.delete(id)
    return this.#state.groups.put(id, { ...group, generation: group.generation + 1 })
  }

  purge(id: DiskId | VolumeGroupId): void {
    const deleted = this.#deleted.get(id)
    this.#deleted.delete(id)
    const groupId = deleted?.kind === 'disk' ? deleted.disk.groupId : (id as VolumeGroupId)
    const disks = this.#disksOf(groupId)
    if (deleted?.kind === 'volumeGroup')
      for (const one of disks) if (one.kind === 'disk') this.#deleted.delete(one.disk.id)
    const parent = this.#deleted.get(groupId)
    if (parent?.kind === 'volumeGroup' && parent.group.implicit && disks.length === 0)
      this.#deleted.delete(groupId)
  }

  list({ kind, groupId, ...query }: DeletedFilter): Page<DeletedThing> {
    const matches = (one: Deleted): boolean =>
      (kind === undefined || one.kind === kind) && (groupId === undefined || groupOf(one) === groupId)
    const { items, nextToken } = this.#deleted.page(query, matches)
    return { items: items.map((one) => this.#shown(one)), nextToken }
  }

  #disksOf(groupId: VolumeGroupId): Deleted[] {
    return this.#deleted.filter((one) => one.kind === 'disk' && one.disk.groupId === groupId)
  }

  #shown(one: Deleted): DeletedThing {
    const { kind, deletedAt, restorableUntil, reason } = one
    const common = { kind, deletedAt, restorableUntil, reason, groupId: groupOf(one) }
    const parent = this.#deleted.get(groupOf(one))
    const group = parent?.kind === 'volumeGroup' ? parent.group : this.#state.group(groupOf(one))
    const { project } = group
    if (one.kind === 'volumeGroup') return { ...common, id: group.id, name: group.name, project }
    const { id, name, sizeBytes } = one.disk
    return { ...common, id, name, sizeBytes, project }
  }
}

const groupOf = (one: Deleted): VolumeGroupId => (one.kind === 'disk' ? one.disk.groupId : one.group.id)

function deletionBy({ graceMs = 0, reason = 'user' }: DeleteOptions): Deletion {
  const deletedAt = new Date()
  return { deletedAt, restorableUntil: new Date(deletedAt.getTime() + graceMs), reason }
}
