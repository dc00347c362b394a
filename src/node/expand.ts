import type { Call } from '../rpc/call.ts'
import { type DiskId, type SizeRange, StorageError } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import { volumeAt } from './targets.ts'

export interface ExpandRequest {
  readonly diskId: DiskId
  readonly volumePath: string
  readonly size: SizeRange
}

/** Takes over the size that the disk has now, and grows the file system to it. Gives back that size. */
export async function expand(parts: NodeParts, request: ExpandRequest, call: Call): Promise<bigint> {
  const record = await volumeAt(parts, request.diskId, request.volumePath)
  const { path, sizeBytes } = await parts.initiator.refreshSize(request.diskId, { signal: call.signal })
  checkSize(sizeBytes, request)
  if (record.accessType === 'block') return sizeBytes
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
