import { describe, expect, test } from 'vitest'
import { answer } from '../../../../src/initiators/userspace/fuse/block-file.ts'
import type { FuseQuestion } from '../../../../src/initiators/userspace/fuse/request.ts'
import { MemoryBlockDevice } from '../../../fakes/memory-block-device.ts'

const SIZE = 64 * 1024

const newDevice = (readOnly = false) => new MemoryBlockDevice({ sizeBytes: SIZE, readOnly })

const ask = (device: MemoryBlockDevice, question: FuseQuestion): Promise<Buffer> =>
  answer(device, { unique: 1n, ...question }, Buffer.alloc(SIZE))

describe('a block device as a file', () => {
  test('is written and read', async () => {
    const device = newDevice()
    const data = Buffer.alloc(512, 'a')
    const written = await ask(device, { kind: 'write', offset: 1024, data })
    expect(written.readUInt32LE(0)).toBe(512)
    expect(await ask(device, { kind: 'read', offset: 1024, length: 512 })).toEqual(data)
  })

  test('ends where the device ends', async () => {
    const device = newDevice()
    expect(await ask(device, { kind: 'read', offset: SIZE - 512, length: 4096 })).toHaveLength(512)
    expect(await ask(device, { kind: 'read', offset: SIZE + 512, length: 512 })).toHaveLength(0)
    const data = Buffer.alloc(1024)
    await expect(ask(device, { kind: 'write', offset: SIZE - 512, data })).rejects.toMatchObject({
      code: 'EFBIG',
    })
  })

  test('flushes for every fsync: the kernel would never ask again if one were refused', async () => {
    const device = newDevice()
    await ask(device, { kind: 'fsync' })
    await ask(device, { kind: 'fsync' })
    expect(device.calls).toEqual(['flush', 'flush'])
  })

  test('discards for a hole, writes zeroes for a zeroed range, and knows no other fallocate', async () => {
    const device = newDevice()
    await ask(device, { kind: 'fallocate', offset: 0, length: 4096, mode: 3 })
    await ask(device, { kind: 'fallocate', offset: 4096, length: 4096, mode: 0x11 })
    expect(device.calls).toEqual(['discard 0 4096', 'writeZeroes 4096 4096'])
    const plain = ask(device, { kind: 'fallocate', offset: 0, length: 4096, mode: 0 })
    await expect(plain).rejects.toMatchObject({ code: 'EOPNOTSUPP' })
  })

  test('is not resized from this side', async () => {
    const device = newDevice()
    await expect(ask(device, { kind: 'setattr', sizeBytes: 0 })).rejects.toMatchObject({ code: 'EPERM' })
    expect(await ask(device, { kind: 'setattr', sizeBytes: undefined })).toHaveLength(104)
  })

  test('is all data', async () => {
    const device = newDevice()
    expect((await ask(device, { kind: 'lseek', offset: 512, whence: 3 })).readBigUInt64LE(0)).toBe(512n)
    expect((await ask(device, { kind: 'lseek', offset: 512, whence: 4 })).readBigUInt64LE(0)).toBe(
      BigInt(SIZE),
    )
    const beyond = ask(device, { kind: 'lseek', offset: SIZE, whence: 3 })
    await expect(beyond).rejects.toMatchObject({ code: 'ENXIO' })
  })

  test('of a read-only disk lets nothing through to it', async () => {
    const device = newDevice(true)
    const data = Buffer.alloc(512)
    await expect(ask(device, { kind: 'write', offset: 0, data })).rejects.toMatchObject({ code: 'EROFS' })
    const punch = ask(device, { kind: 'fallocate', offset: 0, length: 512, mode: 3 })
    await expect(punch).rejects.toMatchObject({ code: 'EROFS' })
    expect(device.calls).toEqual([])
  })

  test('takes whole blocks only', async () => {
    const device = newDevice()
    const data = Buffer.alloc(100)
    await expect(ask(device, { kind: 'write', offset: 0, data })).rejects.toMatchObject({ code: 'EINVAL' })
    await expect(ask(device, { kind: 'read', offset: 3, length: 512 })).rejects.toMatchObject({
      code: 'EINVAL',
    })
  })

  test('does not know what it was not made for, and no other FUSE', async () => {
    const device = newDevice()
    await expect(ask(device, { kind: 'unsupported', opcode: 22 })).rejects.toMatchObject({ code: 'ENOSYS' })
    const other = ask(device, { kind: 'init', major: 8, minor: 0, flags: 0n })
    await expect(other).rejects.toMatchObject({ code: 'EPROTO' })
  })
})
