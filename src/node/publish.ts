import { type Capability, rightsOf } from '../csi/capability.ts'
import type { Call } from '../rpc/call.ts'
import { type AttachedDevice, type DiskId, type Reason, StorageError } from '../volumegroups/index.ts'
import { deviceOf } from './encryption.ts'
import { isMountOf, type MountPoint } from './machine.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'
import { publishedAt } from './targets.ts'
import { unpublish } from './unpublish.ts'

export interface PublishRequest {
  readonly diskId: DiskId
  readonly stagingPath: string
  readonly targetPath: string
  readonly capability: Capability
  readonly readOnly: boolean
}

/** Shows a staged volume at a target path. Idempotent; nothing is ever mounted over anything else. */
export async function publish(parts: NodeParts, request: PublishRequest, call: Call): Promise<void> {
  const { record, device } = await stagedVolume(parts, request, call)
  const source = await sourceOf(parts, record, device)
  const mounted = await parts.machine.mountAt(request.targetPath)
  const difference = differenceIn(record, device, request)
  if (mounted !== undefined) {
    if (difference === undefined && source.isShownBy(mounted, isReadOnly(request))) {
      return recordTarget(parts, record, request)
    }
    const what = difference ?? 'another mount is there'
    throw refusal('PUBLISHED_DIFFERENTLY', request, `the target is in use in another way: ${what}`)
  }
  if (difference !== undefined) throw refusal('STAGED_DIFFERENTLY', request, difference)
  await recordTarget(parts, record, request)
  try {
    await parts.machine.makeTarget(request.targetPath, source.kind)
    await parts.machine.bind(source.path, request.targetPath, {
      readOnly: source.kind === 'directory' && isReadOnly(request),
    })
  } catch (error) {
    await undo(parts, request, call)
    throw error
  }
}

const refusal = (reason: Reason, { diskId }: PublishRequest, message: string): StorageError =>
  new StorageError(reason, message, { entity: { kind: 'disk', id: diskId } })

interface StagedVolume {
  readonly record: VolumeRecord
  readonly device: AttachedDevice
}

async function stagedVolume(parts: NodeParts, request: PublishRequest, call: Call): Promise<StagedVolume> {
  const { diskId, stagingPath } = request
  const record = await parts.records.read(diskId)
  if (record === undefined) await parts.groups.getDisk(diskId, { signal: call.signal }) // says so if there is none
  const device = record && (await deviceOf(parts, record))
  if (record?.phase === 'staged' && record.stagingPath === stagingPath && device !== undefined) {
    return { record, device }
  }
  throw refusal('VOLUME_NOT_STAGED', request, `${diskId} is not staged at ${stagingPath} on this node`)
}

/** What is shown at the target, and how to know it again in the mount table. */
interface Source {
  readonly kind: 'directory' | 'file'
  readonly path: string
  isShownBy(mounted: MountPoint, readOnly: boolean): boolean
}

async function sourceOf(parts: NodeParts, record: VolumeRecord, device: AttachedDevice): Promise<Source> {
  if (record.accessType === 'block') {
    const isShownBy = ({ kind, device: shown }: MountPoint): boolean =>
      kind === 'device' && shown === device.path
    return { kind: 'file', path: device.path, isShownBy }
  }
  const staged = await parts.machine.mountAt(record.stagingPath)
  if (staged === undefined || !isMountOf(staged, device)) {
    const message = 'the file system of the volume is no longer mounted at the staging path'
    throw new StorageError('VOLUME_NOT_STAGED', message, { entity: { kind: 'disk', id: record.diskId } })
  }
  return {
    kind: 'directory',
    path: record.stagingPath,
    isShownBy: (mounted, readOnly) =>
      isMountOf(mounted, device) && mounted.root === staged.root && mounted.readOnly === readOnly,
  }
}

const isReadOnly = ({ capability, readOnly }: PublishRequest): boolean =>
  rightsOf(capability, readOnly).readOnly || capability.mountFlags.includes('ro')

/** In what the request goes beyond the way in which the volume is staged. */
function differenceIn(
  record: VolumeRecord,
  device: AttachedDevice,
  request: PublishRequest,
): string | undefined {
  const { accessType, accessMode, fileSystem, mountFlags } = request.capability
  const readOnly = isReadOnly(request)
  if (accessType !== record.accessType) return `it is staged as ${record.accessType}, not ${accessType}`
  if (plainMode(accessMode) !== plainMode(record.accessMode)) {
    return `it is staged for ${record.accessMode}, not ${accessMode}`
  }
  if (fileSystem !== undefined && fileSystem !== record.fsType) {
    return `it is staged as ${record.fsType}, not ${fileSystem}`
  }
  const flag = mountFlags.find((name) => name !== 'ro' && !record.mountFlags.includes(name))
  if (flag !== undefined) return `it is staged without the mount flag ${flag}`
  if (record.readOnly && !readOnly) return 'it is staged read-only'
  // A read-only bind of a device node does not keep anybody from writing to the device.
  if (accessType === 'block' && readOnly && !device.readOnly) {
    return 'a block volume can be published read-only only where its disk is attached read-only'
  }
  return undefined
}

/** Callers that do not know the two newer modes mean the multi writer by this one. */
const plainMode = (mode: string): string =>
  mode === 'SINGLE_NODE_WRITER' ? 'SINGLE_NODE_MULTI_WRITER' : mode

/** The access modes that allow one target only. */
const EXCLUSIVE = ['SINGLE_NODE_SINGLE_WRITER', 'SINGLE_NODE_READER_ONLY']

/** Before anything is done at the target; targets that a reboot took away go. */
async function recordTarget(
  parts: NodeParts,
  record: VolumeRecord,
  { diskId, targetPath }: PublishRequest,
): Promise<void> {
  const published = await publishedAt(parts, record)
  const others = published.filter((path) => path !== targetPath)
  if (others.length > 0 && EXCLUSIVE.includes(record.accessMode)) {
    const message = `${record.accessMode} allows one target, and the volume is published at ${others[0]}`
    throw new StorageError('NOT_MULTI_NODE', message, { entity: { kind: 'disk', id: diskId } })
  }
  if (published.includes(targetPath) && published.length === record.targets.length) return
  await parts.records.write({ ...record, targets: [...others, targetPath] })
}

async function undo(parts: NodeParts, request: PublishRequest, call: Call): Promise<void> {
  try {
    await unpublish(parts, request)
  } catch (error) {
    call.log.warn(
      { err: error },
      'a failed publish could not be undone; unpublish or the next publish does it',
    )
  }
}
