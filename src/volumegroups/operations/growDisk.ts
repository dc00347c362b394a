import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { exportsOf } from '../exports.ts'
import type { DiskId, VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { SizeRange } from '../ports.ts'
import { sizeFor } from '../rules/sizes.ts'
import type { Disk } from '../types.ts'
import { exclusive, notFound, type Parts, refuseMissing, shared } from './parts.ts'

interface Request {
  readonly id: DiskId
  readonly size: SizeRange
}

interface Intent {
  readonly id: DiskId
  readonly groupId: VolumeGroupId
  readonly sizeBytes: bigint
  readonly moreBytes: bigint
}

/**
 * Makes a disk larger, attached or not. A store never makes a disk smaller, so a restart finishes it rather than
 * undoing it; one that fails may leave a file that is larger than the disk, which the retry finds.
 */
export function growDisk(parts: Parts): Definition<Transactor, Request, Intent, Disk> {
  return {
    kind: 'growDisk',
    plan: async (tx, { id, size }) => {
      const disk = await tx.disk(id)
      if (disk === undefined) throw notFound({ kind: 'disk', id })
      refuseMissing('disk', disk)
      if (size.limitBytes !== undefined && disk.sizeBytes > size.limitBytes)
        throw tooLarge(disk, size.limitBytes)
      if (disk.sizeBytes >= (size.requiredBytes ?? 0n)) return { met: { result: disk, subject: id } }
      const sizeBytes = sizeFor(size, disk.sizeBytes)
      const moreBytes = sizeBytes - disk.sizeBytes
      await parts.space.promise(tx, moreBytes)
      return { intent: { id, groupId: disk.groupId, sizeBytes, moreBytes } }
    },
    locks: ({ id, groupId }) => [exclusive(id), shared(groupId)],
    subject: ({ id }) => id,
    entities: ({ id, groupId }) => [id, groupId],
    check: async ({ id, sizeBytes }) => {
      const disk = await parts.database.reader.disk(id)
      await parts.space.admit(sizeBytes - (disk?.sizeBytes ?? 0n))
    },
    steps: [
      { name: 'grow disk', run: (intent) => grow(parts, intent) },
      restoresManifest(parts.manifests, ({ groupId }) => groupId),
    ],
    seal: ({ groupId }, commit) => parts.manifests.seal(groupId, commit),
    commit: async (tx, { id, groupId, sizeBytes }) => {
      await tx.resizeDisk(id, sizeBytes)
      await tx.touchGroup(groupId)
      return (await tx.disk(id)) as Disk
    },
    forward: [],
    supersedes: ['createDisk'], // a repeated create then gives the disk as it is now
    atRestart: 'redo',
  }
}

async function grow({ database, store, target }: Parts, { id, groupId, sizeBytes }: Intent): Promise<void> {
  const change = (): Promise<void> => store.growDisk(groupId, id, sizeBytes)
  const exports = exportsOf(store, await database.reader.grants(id))
  await (exports.length > 0 ? target.resize(exports, change) : change())
}

const tooLarge = ({ id, sizeBytes }: Disk, limitBytes: bigint): StorageError =>
  new StorageError('SIZE_OUT_OF_RANGE', `disk ${id} has ${sizeBytes} bytes already, above ${limitBytes}`, {
    entity: { kind: 'disk', id },
  })
