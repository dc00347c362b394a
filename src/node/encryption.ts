import type { Content } from '../host/filesystems/probe.ts'
import type { LuksKey } from '../host/luks.ts'
import type { Call } from '../rpc/call.ts'
import { type AttachedDevice, type DiskId, StorageError, uuidOf, withStep } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'

/** The key of the secrets of NodeStageVolume and NodeExpandVolume that holds the passphrase. */
export const ENCRYPTION_KEY = 'encryptionKey'

/** dm names are at most 127 bytes; a disk's id fits. */
export const mappingOf = (diskId: DiskId): string => `mooring-${diskId}`

export function keyOf(secrets: Readonly<Record<string, string>>): LuksKey {
  const key = secrets[ENCRYPTION_KEY]
  if (key !== undefined && key !== '') return key
  const message = `the volume is encrypted, and the secrets of the request have no ${ENCRYPTION_KEY}`
  throw new StorageError('ENCRYPTION_KEY_MISSING', message)
}

/**
 * The device that file systems and pods see: the plain side of an encrypted disk, else the disk itself. Undefined when
 * it is not there, also when the plain side is that of an earlier attachment of the disk.
 */
export async function deviceOf(
  { initiator, machine }: NodeParts,
  { diskId, encryption }: { readonly diskId: DiskId; readonly encryption?: 'luks' | undefined },
): Promise<AttachedDevice | undefined> {
  const device = await initiator.find(diskId)
  if (device === undefined || encryption === undefined) return device
  const plain = await machine.luks.find({ device: device.path, name: mappingOf(diskId) })
  return plain && { ...device, ...plain }
}

/** Closes the disk's plain side, if there is one, and detaches it. */
export async function release({ initiator, machine }: NodeParts, diskId: DiskId): Promise<void> {
  await machine.luks.close(mappingOf(diskId))
  await initiator.detach(diskId)
}

interface Job {
  readonly record: VolumeRecord
  readonly device: AttachedDevice
  readonly key: LuksKey
}

export interface Opened {
  readonly device: AttachedDevice
  /** Nothing was ever made inside: what it reads as means nothing. */
  readonly isNew: boolean
}

/** Opens the encrypted disk, after making it one if it is positively blank. Nothing else is ever made one. */
export async function openEncrypted(parts: NodeParts, job: Job, call: Call): Promise<Opened> {
  const { record, key } = job
  const { luks } = parts.machine
  try {
    const target = { device: job.device.path, name: mappingOf(record.diskId) }
    let content = await parts.machine.probe(target.device)
    if (mayBeMade(content, record)) {
      await makeEncrypted(parts, job, call)
      content = await parts.machine.probe(target.device)
    }
    if (content.kind !== 'encrypted') throw notEncrypted(record.diskId, content)
    if (content.uuid !== uuidOf(record.diskId)) await renewClone(parts, job, content.uuid)
    await luks.close(target.name) // of an earlier attachment, or of a node that died
    const readOnly = job.device.readOnly
    await luks.open(target, { readOnly }, key)
    const plain = await luks.find(target)
    if (plain === undefined) throw new StorageError('COMMAND_FAILED', 'the opened disk is not there')
    return { device: { ...job.device, ...plain }, isNew: content.label === 'mooring-new' }
  } catch (error) {
    throw withStep(error, 'decrypt')
  }
}

/** Blank, or what is left of the making that this node began on a blank disk. */
const mayBeMade = ({ kind }: Content, { phase }: VolumeRecord): boolean =>
  kind === 'blank' || (kind === 'unrecognised' && phase === 'formatting')

async function makeEncrypted(parts: NodeParts, { record, device, key }: Job, call: Call): Promise<void> {
  if (device.readOnly) {
    throw new StorageError('FILESYSTEM_MISSING', 'the disk is blank, and read-only: it can not be encrypted')
  }
  call.log.info({ device: device.path }, 'encrypting a blank disk')
  await parts.records.write({ ...record, phase: 'formatting' })
  await parts.machine.luks.format(device.path, uuidOf(record.diskId), key)
}

/** What is inside is made, and must never be made again. */
export async function settle(
  parts: NodeParts,
  { device, isNew }: Opened,
  attached: AttachedDevice,
): Promise<void> {
  if (isNew && !device.readOnly) await parts.machine.luks.setLabel(attached.path, 'mooring')
}

/** A clone has its source's UUID, and gets its own. With no source the header is another disk's. */
async function renewClone(parts: NodeParts, { record, device }: Job, found: string): Promise<void> {
  const { source } = await parts.groups.getDisk(record.diskId)
  if (source !== undefined && device.readOnly) return
  if (source !== undefined) return parts.machine.luks.setUuid(device.path, uuidOf(record.diskId))
  const message = `the LUKS header on the disk is that of ${found}, not of ${uuidOf(record.diskId)}`
  throw new StorageError('IDENTITY_MISMATCH', message, { entity: { kind: 'disk', id: record.diskId } })
}

function notEncrypted(diskId: DiskId, content: Exclude<Content, { kind: 'encrypted' }>): StorageError {
  const what = content.kind === 'filesystem' ? content.fsType : 'what' in content ? content.what : 'nothing'
  const message = `the class of the volume says that it is encrypted, and the disk holds ${what} in the clear`
  return new StorageError('ENCRYPTION_DIFFERS', message, { entity: { kind: 'disk', id: diskId } })
}
