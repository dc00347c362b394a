import type { ImageRef } from './contents.ts'
import type { Reader } from './database.ts'
import { StorageError } from './errors.ts'
import type { RecoveryPointId } from './ids.ts'
import { notFound } from './operations/index.ts'
import type { Store, VolumeGroups } from './ports.ts'
import { imageIn } from './rules/images.ts'
import { rangesPage } from './rules/ranges.ts'
import type { RecoveryPoint } from './types.ts'

/** What the images of disks hold, from the store, for those whom the database knows. */
export function contentReads(
  reader: Reader,
  store: Store,
): Pick<VolumeGroups, 'allocated' | 'delta' | 'groupSpace'> {
  const find = async ({ recoveryPointId, diskId }: ImageRef) => {
    const point = await pointOf(reader, recoveryPointId)
    return { point, groupId: point.groupId, sizeBytes: imageIn(point, diskId).sizeBytes }
  }
  return {
    groupSpace: async (id) => {
      if ((await reader.group(id)) === undefined) throw notFound({ kind: 'volumeGroup', id })
      return store.space(id)
    },
    allocated: async (image, query = {}) => {
      const { groupId, sizeBytes } = await find(image)
      const source = { kind: 'recoveryPoint', groupId, ...image } as const
      return rangesPage(sizeBytes, query, (fromBytes) => store.allocated(source, fromBytes))
    },
    delta: async (images, query = {}) => {
      const { diskId } = images
      const base = await find({ recoveryPointId: images.base, diskId })
      const { point, groupId, sizeBytes } = await find({ recoveryPointId: images.target, diskId })
      if (base.point.createdAt > point.createdAt) throw newerBase(images.base, images.target)
      return rangesPage(sizeBytes, query, (fromBytes) => store.delta({ groupId, ...images }, fromBytes))
    },
  }
}

async function pointOf(reader: Reader, id: RecoveryPointId): Promise<RecoveryPoint> {
  const point = await reader.recoveryPoint(id)
  if (point === undefined) throw notFound({ kind: 'recoveryPoint', id })
  return point
}

const newerBase = (base: RecoveryPointId, target: RecoveryPointId): StorageError =>
  new StorageError('INVALID_ARGUMENT', `the base ${base} is newer than the target ${target}: exchange them`)
