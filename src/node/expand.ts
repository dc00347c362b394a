import type { Call } from '../rpc/call.ts'
import { type AttachedDevice, type DiskId, type SizeRange, StorageError } from '../volumegroups/index.ts'
import { deviceOf, keyOf, mappingOf } from './encryption.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'
import { volumeAt } from './targets.ts'

export interface ExpandRequest {
  readonly diskId: DiskId
  readonly volumePath: string
  readonly size: SizeRange
  readonly secrets: Readonly<Record<string, string>>
}

/** Takes over the size that the disk has now, and grows the file system to it. Gives back that size. */
export async function expand(parts: NodeParts, request: ExpandRequest, call: Call): Promise<bigint> {
  const record = await volumeAt(parts, request.diskId, request.volumePath)
  const { sizeBytes } = await parts.initiator.refreshSize(request.diskId, { signal: call.signal })
  checkSize(sizeBytes, request)
  if (record.encryption) await parts.machine.luks.resize(mappingOf(record.diskId), keyOf(request.secrets))
  if (record.accessType === 'block') return sizeBytes
  const { path } = await stagedDevice(parts, record)
  const content = await parts.machine.probe(path)
  if (content.kind !== 'filesystem') {
    throw new StorageError('IDENTITY_MISMATCH', 'the device of the mounted volume holds no file system')
  }
  if (!content.growable) return sizeBytes
  if (record.readOnly) {
    throw new StorageError(
      'FILESYSTEM_GROW_REFUSED',
      'a file system that is mounted read-only can not grow',
      {
        entity: { kind: 'disk', id: request.diskId },
        fix: 'Use the volume for writing once.',
      },
    )
  }
  await parts.machine.growMounted(content.fsType, path, record.stagingPath)
  return sizeBytes
}

async function stagedDevice(parts: NodeParts, record: VolumeRecord): Promise<AttachedDevice> {
  const device = await deviceOf(parts, record)
  if (device !== undefined) return device
  throw new StorageError('VOLUME_NOT_STAGED', 'the disk of the volume is no longer on this node')
}

function checkSize(sizeBytes: bigint, { diskId, size }: ExpandRequest): void {
  const { requiredBytes = 0n, limitBytes = sizeBytes } = size
  if (sizeBytes >= requiredBytes && sizeBytes <= limitBytes) return
  const asked = sizeBytes < requiredBytes ? `at least ${requiredBytes}` : `at most ${limitBytes}`
  throw new StorageError(
    'SIZE_OUT_OF_RANGE',
    `the disk has ${sizeBytes} bytes, where ${asked} were asked for`,
    {
      entity: { kind: 'disk', id: diskId },
      fix: 'Grow the disk with ControllerExpandVolume first; it never shrinks.',
    },
  )
}
