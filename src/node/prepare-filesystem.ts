import { DEFAULT_FILE_SYSTEM } from '../csi/file-systems.ts'
import { parseMkfsOptions } from '../csi/mkfs-options.ts'
import { parsing } from '../csi/parse.ts'
import type { FsType } from '../host/filesystems/filesystem.ts'
import { checkFormatSize } from '../host/filesystems/format.ts'
import { needsOwnUuid } from '../host/filesystems/identity.ts'
import type { Content } from '../host/filesystems/probe.ts'
import type { Call } from '../rpc/call.ts'
import { type AttachedDevice, StorageError, uuidOf, withStep } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'

interface Job {
  readonly record: VolumeRecord
  readonly device: AttachedDevice
  readonly mkfsOptions: string
  /** The inside of a disk that was just encrypted: it reads as noise. */
  readonly isNew: boolean
}

interface Prepared {
  readonly fsType: FsType
  /** The device is larger than the file system on it. */
  readonly growable: boolean
}

/** Makes sure that the disk holds the wanted file system: formats a blank disk, and nothing else. */
export async function prepareFilesystem(parts: NodeParts, job: Job, call: Call): Promise<Prepared> {
  try {
    const content = await parts.machine.probe(job.device.path)
    if (content.kind === 'filesystem') return await useFilesystem(parts, { ...job, content }, call)
    if (content.kind === 'encrypted') throw encrypted(job.record)
    const isOurs = job.isNew || job.record.phase === 'formatting'
    const isRemains = content.kind === 'unrecognised' && isOurs
    if (content.kind !== 'blank' && !isRemains) throw notBlank(job.record, content.what)
    return await formatDisk(parts, { ...job, overwrite: isRemains }, call)
  } catch (error) {
    throw withStep(error, 'prepare')
  }
}

const notBlank = ({ diskId }: VolumeRecord, what: string): StorageError =>
  new StorageError('NOT_BLANK', `the disk holds ${what}, and no file system that can be mounted`, {
    entity: { kind: 'disk', id: diskId },
  })

const encrypted = ({ diskId }: VolumeRecord): StorageError =>
  new StorageError(
    'ENCRYPTION_DIFFERS',
    'the disk is encrypted with LUKS, and the volume has no encryption',
    {
      entity: { kind: 'disk', id: diskId },
    },
  )

async function formatDisk(
  parts: NodeParts,
  job: Job & { readonly overwrite: boolean },
  call: Call,
): Promise<Prepared> {
  const { record, device, overwrite } = job
  const fsType = record.fsType ?? DEFAULT_FILE_SYSTEM
  if (record.readOnly || device.readOnly) {
    throw new StorageError(
      'FILESYSTEM_MISSING',
      `the disk is blank, and read-only: no ${fsType} can be made on it`,
    )
  }
  checkFormatSize(fsType, device.sizeBytes)
  const field = 'volume_context.mkfsOptions'
  const options = parsing((faults) =>
    parseMkfsOptions({ fileSystem: fsType, text: job.mkfsOptions, field }, faults),
  )
  call.log.info({ fsType, device: device.path, overwrite }, 'making a file system')
  await parts.records.write({ ...record, fsType, phase: 'formatting' })
  await parts.machine.format(fsType, { device: device.path, options, uuid: uuidOf(record.diskId), overwrite })
  return { fsType, growable: false }
}

interface Existing extends Job {
  readonly content: Extract<Content, { kind: 'filesystem' }>
}

async function useFilesystem(parts: NodeParts, existing: Existing, call: Call): Promise<Prepared> {
  const { record, content, device } = existing
  const { fsType, growable } = content
  if (record.fsType !== undefined && record.fsType !== fsType) {
    throw new StorageError(
      'FILESYSTEM_DIFFERS',
      `the disk holds ${fsType}, where ${record.fsType} was asked for`,
      {
        entity: { kind: 'disk', id: record.diskId },
      },
    )
  }
  if (needsOwnUuid(fsType) && !device.readOnly && content.uuid !== uuidOf(record.diskId)) {
    await renewClone(parts, existing, call)
  }
  return { fsType, growable }
}

/**
 * Gives a clone its own UUID, made from the disk's id, so that doing it twice changes nothing. Only the disk's source
 * says that it is a clone: what came onto a disk in another way keeps the UUID that it has.
 */
async function renewClone(
  parts: NodeParts,
  { record, device, content }: Existing,
  call: Call,
): Promise<void> {
  const { source } = await parts.groups.getDisk(record.diskId, { signal: call.signal })
  if (source === undefined) return
  if (content.logDirty) {
    await parts.records.write({ ...record, phase: 'mounting' })
    const replay = {
      device: device.path,
      target: record.stagingPath,
      fsType: content.fsType,
      flags: [],
      readOnly: false,
    }
    await parts.machine.mountFilesystem(replay)
    await parts.machine.unmount(record.stagingPath)
  }
  call.log.info({ fsType: content.fsType, device: device.path }, 'giving the clone its own UUID')
  await parts.machine.setUuid(content.fsType, device.path, uuidOf(record.diskId))
}
