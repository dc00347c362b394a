import { isDeepStrictEqual } from 'node:util'
import { StorageError } from '../errors.ts'
import type { GroupChanges } from '../group-changes.ts'
import type { DiskSpec, GroupChoice, GroupPointSpec, RecoveryPointSpec } from '../ports.ts'
import type { Disk, RecoveryPoint, VolumeGroup } from '../types.ts'
import { isWithin } from './sizes.ts'

/** Throws NAME_TAKEN, saying what differs, unless the disk is what a repeated request asks for. */
export function checkSame(disk: Disk, group: VolumeGroup | undefined, spec: DiskSpec): void {
  const { requiredBytes, limitBytes } = spec.size
  const wanted = `${requiredBytes ?? 'any'} to ${limitBytes ?? 'any'} bytes are asked for`
  const differences = [
    !isWithin(disk.sizeBytes, spec.size) && `it has ${disk.sizeBytes} bytes and ${wanted}`,
    !(group && isChosen(group, spec.group)) && `it is in volume group ${group?.name}`,
    !isDeepStrictEqual(disk.source, spec.source) && 'it has another source',
    !isDeepStrictEqual(disk.attributes, { ...spec.attributes }) && 'it has other attributes',
    !askTheSame(disk, spec) && 'it was made with other policies or labels for its group',
  ].filter((difference) => difference !== false)
  if (differences.length === 0) return
  const message = `disk ${disk.id} has the name ${disk.name}, and differs: ${differences.join('; ')}`
  throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'disk', id: disk.id } })
}

/** Whatever the group has by now: it may have been changed since. */
export const askTheSame = (disk: Pick<Disk, 'groupChanges'>, spec: Pick<DiskSpec, 'groupChanges'>): boolean =>
  isDeepStrictEqual(plain(disk.groupChanges), plain(spec.groupChanges))

/** Without what is left out. */
const plain = (changes: GroupChanges = {}): unknown => JSON.parse(JSON.stringify(changes))

type GroupOfPoint = Pick<GroupPointSpec, 'groupId'>

/** Throws NAME_TAKEN, saying what differs, unless the recovery point is what a repeated request asks for. */
export function checkSamePoint(point: RecoveryPoint, spec: RecoveryPointSpec | GroupOfPoint): void {
  const differences = 'groupId' in spec ? otherGroup(point, spec) : otherDisks(point, spec)
  if (differences.length === 0) return
  const message = `recovery point ${point.id} has the name ${point.name}, and differs: ${differences.join('; ')}`
  throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'recoveryPoint', id: point.id } })
}

/** Of which disks it is may have changed since. */
function otherGroup({ groupId, grouped }: RecoveryPoint, spec: GroupOfPoint): readonly string[] {
  return groupId === spec.groupId && grouped
    ? []
    : [`it is of volume group ${groupId}, or of some disks only`]
}

function otherDisks(point: RecoveryPoint, spec: RecoveryPointSpec): readonly string[] {
  const held = new Set(point.disks.map(({ diskId }) => diskId))
  return [
    !isDeepStrictEqual(held, new Set(spec.diskIds)) && `it holds ${[...held].join(', ')}`,
    point.grouped !== spec.grouped && `it is ${point.grouped ? '' : 'not '}a group snapshot`,
  ].filter((difference) => difference !== false)
}

function isChosen(group: VolumeGroup, choice: GroupChoice): boolean {
  if (choice.kind === 'own') return group.implicit
  return choice.kind === 'existing' ? group.id === choice.id : group.name === choice.name
}
