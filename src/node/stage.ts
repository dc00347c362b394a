import { type Capability, rightsOf } from '../csi/capability.ts'
import type { FsType } from '../host/filesystems/filesystem.ts'
import type { LuksKey } from '../host/luks.ts'
import type { Call } from '../rpc/call.ts'
import { asStorageError, type DiskId, type ErrorKind, StorageError, serialOf } from '../volumegroups/index.ts'
import { attachDisk } from './attach-disk.ts'
import { deviceOf, openEncrypted, release, settle } from './encryption.ts'
import { isMountOf } from './machine.ts'
import { clearStagingPath, mountStaged } from './mount-staged.ts'
import type { NodeParts } from './parts.ts'
import { prepareFilesystem } from './prepare-filesystem.ts'
import { hasMount, type VolumeRecord } from './records.ts'
import { publishedAt } from './targets.ts'
import { takeDown } from './unstage.ts'

export interface StageRequest {
  readonly diskId: DiskId
  readonly stagingPath: string
  readonly capability: Capability
  /** Undefined: what is on the disk, or the default on a blank one. */
  readonly fsType: FsType | undefined
  readonly mkfsOptions: string
  /** Left out: in the clear. */
  readonly encryption?: { readonly kind: 'luks'; readonly key: LuksKey } | undefined
}

/**
 * Brings the disk to this node and, unless it is a block volume, its file system to the staging path. A call that
 * was cut off at any point is taken up by the next one, from the record that is written before anything else.
 */
export async function stage(parts: NodeParts, request: StageRequest, call: Call): Promise<void> {
  const before = await parts.records.read(request.diskId)
  if (before !== undefined) refuseDifference(before, request)
  await parts.lease?.check()
  const failed = await hasFailed(parts, request.diskId)
  if (before?.phase === 'staged' && !failed && (await isStaged(parts, before))) return
  if (before !== undefined && hasMount(before)) await parts.machine.unmount(before.stagingPath) // half done, or dead
  if (failed) await release(parts, request.diskId)
  const record = recordOf(parts, request, before)
  await parts.records.write(record)
  try {
    await parts.records.write(await bringUp(parts, { record, request }, call))
  } catch (error) {
    if (!UNCERTAIN.includes(asStorageError(error).kind)) await undo(parts, record.diskId, call)
    throw error
  }
}

/** After these the caller tries again or unstages; after others it may do neither, so nothing is left behind. */
const UNCERTAIN: readonly ErrorKind[] = ['unavailable', 'deadline_exceeded', 'busy']

function refuseDifference(before: VolumeRecord, request: StageRequest): void {
  const { capability, fsType = before.fsType } = request
  const sameUse =
    before.accessType === capability.accessType &&
    before.accessMode === capability.accessMode &&
    before.fsType === fsType &&
    before.encryption === request.encryption?.kind &&
    before.mountFlags.join('\n') === capability.mountFlags.join('\n')
  const samePath = before.stagingPath === request.stagingPath
  // Nobody was told that a half-done stage succeeded: at the same path it may be done in another way now.
  if (samePath && (sameUse || before.phase !== 'staged')) return
  const how = samePath ? 'in another way' : 'at another path'
  throw new StorageError('PUBLISHED_DIFFERENTLY', `the volume is staged on this node already, ${how}`, {
    entity: { kind: 'disk', id: request.diskId },
    fix: 'Unstage the volume first.',
  })
}

/** A disk that was lost, or turned out to be another, never works again: it is to be attached anew. */
async function hasFailed({ initiator }: NodeParts, diskId: DiskId): Promise<boolean> {
  const sessions = await initiator.sessions()
  return sessions.some((session) => session.diskId === diskId && session.state === 'failed')
}

/** Whether it is as the record says: after a reboot of the node it is not. */
async function isStaged(parts: NodeParts, record: VolumeRecord): Promise<boolean> {
  const device = await deviceOf(parts, record)
  if (device === undefined) return false
  if (record.accessType === 'block') return true
  const mounted = await parts.machine.mountAt(record.stagingPath)
  return mounted !== undefined && isMountOf(mounted, device) && mounted.readOnly === record.readOnly
}

function recordOf(parts: NodeParts, request: StageRequest, before: VolumeRecord | undefined): VolumeRecord {
  const { diskId, stagingPath, capability, fsType, encryption } = request
  const { accessType, accessMode, mountFlags } = capability
  return {
    version: 1,
    diskId,
    serial: serialOf(diskId),
    stagingPath,
    accessType,
    accessMode,
    ...(fsType === undefined ? {} : { fsType }),
    ...(encryption === undefined ? {} : { encryption: encryption.kind }),
    mountFlags,
    readOnly: rightsOf(capability, false).readOnly || mountFlags.includes('ro'),
    attach: before?.attach ?? parts.attach, // who granted takes the right back, whatever is configured now
    phase: before?.phase === 'formatting' ? 'formatting' : 'attaching',
    targets: before?.targets ?? [],
  }
}

interface Job {
  readonly record: VolumeRecord
  readonly request: StageRequest
}

/** Gives back the record of the staged volume. */
async function bringUp(parts: NodeParts, { record, request }: Job, call: Call): Promise<VolumeRecord> {
  const { device, readOnly } = await attachDisk(parts, { record, capability: request.capability }, call)
  const attached = { ...record, readOnly: record.readOnly || readOnly }
  if (record.accessType === 'mount') await clearStagingPath(parts, attached, device)
  const { encryption, mkfsOptions } = request
  const opened = encryption
    ? await openEncrypted(parts, { record: attached, device, key: encryption.key }, call)
    : { device, isNew: false }
  if (record.accessType === 'block') {
    await settle(parts, opened, device)
    return { ...attached, phase: 'staged' }
  }
  const { fsType, growable } = await prepareFilesystem(
    parts,
    { record: attached, ...opened, mkfsOptions },
    call,
  )
  await settle(parts, opened, device)
  const mountable = { ...attached, fsType, phase: 'mounting' as const }
  await mountStaged(parts, { record: mountable, device: opened.device, growable })
  return { ...mountable, phase: 'staged' }
}

/** What is still published was staged before, and stays for its users to unpublish. */
async function undo(parts: NodeParts, diskId: DiskId, call: Call): Promise<void> {
  try {
    const record = await parts.records.read(diskId)
    if (record === undefined || (await publishedAt(parts, record)).length > 0) return
    await takeDown(parts, record)
  } catch (error) {
    call.log.warn({ err: error }, 'a failed stage could not be taken down; unstage or the next stage does it')
  }
}
