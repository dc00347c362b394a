import { isDeepStrictEqual } from 'node:util'
import { StorageError } from '../errors.ts'
import type { DiskSpec, GroupChoice, RecoveryPointSpec } from '../ports.ts'
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
  ].filter((difference) => difference !== false)
  if (differences.length === 0) return
  const message = `disk ${disk.id} has the name ${disk.name}, and differs: ${differences.join('; ')}`
  throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'disk', id: disk.id } })
}

/** Throws NAME_TAKEN, saying what differs, unless the recovery point is what a repeated request asks for. */
export function checkSamePoint(point: RecoveryPoint, spec: RecoveryPointSpec): void {
  const held = new Set(point.disks.map(({ diskId }) => diskId))
  const differences = [
    !isDeepStrictEqual(held, new Set(spec.diskIds)) && `it holds ${[...held].join(', ')}`,
    point.grouped !== spec.grouped && `it is ${point.grouped ? '' : 'not '}a group snapshot`,
  ].filter((difference) => difference !== false)
  if (differences.length === 0) return
  const message = `recovery point ${point.id} has the name ${point.name}, and differs: ${differences.join('; ')}`
  throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'recoveryPoint', id: point.id } })
}

function isChosen(group: VolumeGroup, choice: GroupChoice): boolean {
  if (choice.kind === 'own') return group.implicit
  return choice.kind === 'existing' ? group.id === choice.id : group.name === choice.name
}
