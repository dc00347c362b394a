import type { BlockDevice } from '../../../iscsi/block-device.ts'
import { FALLOCATE, FuseError, PROTOCOL_MAJOR, SEEK } from './protocol.ts'
import { encodeAttributes, encodeInit, encodeOpen, encodeSeek, encodeStatfs, encodeWritten } from './reply.ts'
import type { FuseRequest } from './request.ts'

const NOTHING = Buffer.alloc(0)

type Question<Kind extends FuseRequest['kind']> = FuseRequest & { readonly kind: Kind }

/**
 * What the file answers: a block device as one regular file. `into` takes the data of a read.
 * Throws FuseError for what the file itself refuses, and whatever the device throws.
 */
export async function answer(device: BlockDevice, request: FuseRequest, into: Buffer): Promise<Buffer> {
  switch (request.kind) {
    case 'read':
      return read(device, request, into)
    case 'write':
      return write(device, request)
    case 'fsync':
      await device.flush()
      return NOTHING
    case 'fallocate':
      return fallocate(device, request)
    case 'getattr':
      return encodeAttributes(device.sizeBytes, device.readOnly)
    case 'setattr':
      return setattr(device, request)
    case 'statfs':
      return encodeStatfs(device.sizeBytes)
    case 'lseek':
      return lseek(device, request)
    case 'open':
      return encodeOpen()
    case 'init':
      return init(request)
    case 'done':
    case 'silent':
      return NOTHING
    case 'unsupported':
      throw new FuseError('ENOSYS', `opcode ${request.opcode}`)
  }
}

async function read(device: BlockDevice, request: Question<'read'>, into: Buffer): Promise<Buffer> {
  const length = Math.max(0, Math.min(request.length, device.sizeBytes - request.offset))
  if (length === 0) return NOTHING
  checkAligned(device, request.offset, length)
  const data = into.subarray(0, length)
  await device.read(request.offset, data)
  return data
}

async function write(device: BlockDevice, request: Question<'write'>): Promise<Buffer> {
  checkWritable(device, request.offset, request.data.length)
  await device.write(request.offset, request.data)
  return encodeWritten(request.data.length)
}

async function fallocate(device: BlockDevice, request: Question<'fallocate'>): Promise<Buffer> {
  const { offset, length, mode } = request
  checkWritable(device, offset, length)
  if ((mode & FALLOCATE.punchHole) !== 0) await device.discard(offset, length)
  else if ((mode & FALLOCATE.zeroRange) !== 0) await device.writeZeroes(offset, length)
  else throw new FuseError('EOPNOTSUPP', `fallocate mode ${mode}`)
  return NOTHING
}

async function setattr(device: BlockDevice, request: Question<'setattr'>): Promise<Buffer> {
  if (request.sizeBytes !== undefined && request.sizeBytes !== device.sizeBytes) {
    throw new FuseError('EPERM', 'only the target changes the size')
  }
  return encodeAttributes(device.sizeBytes, device.readOnly)
}

function lseek(device: BlockDevice, request: Question<'lseek'>): Buffer {
  if (request.offset >= device.sizeBytes) throw new FuseError('ENXIO', 'beyond the end')
  if (request.whence === SEEK.data) return encodeSeek(request.offset)
  if (request.whence === SEEK.hole) return encodeSeek(device.sizeBytes)
  throw new FuseError('EINVAL', `whence ${request.whence}`)
}

function init(request: Question<'init'>): Buffer {
  if (request.major !== PROTOCOL_MAJOR) throw new FuseError('EPROTO', `FUSE ${request.major}`)
  return encodeInit(request.minor, request.flags)
}

function checkWritable(device: BlockDevice, offset: number, length: number): void {
  if (device.readOnly) throw new FuseError('EROFS', 'the disk is read-only')
  if (offset + length > device.sizeBytes) throw new FuseError('EFBIG', 'beyond the end of the disk')
  checkAligned(device, offset, length)
}

function checkAligned(device: BlockDevice, offset: number, length: number): void {
  if (offset % device.blockSize !== 0 || length % device.blockSize !== 0) {
    throw new FuseError('EINVAL', `${length} bytes at ${offset} are not whole blocks`)
  }
}
