import { describe, expect, test } from 'vitest'
import { BufferPool } from '../../../../src/initiators/userspace/fuse/buffer-pool.ts'
import type { SessionState, VolumeSpec } from '../../../../src/initiators/userspace/volume-spec.ts'
import { type OpenDevice, ServedVolume } from '../../../../src/initiators/userspace/worker/served-volume.ts'
import { StorageError } from '../../../../src/volumegroups/index.ts'
import { MemoryBlockDevice } from '../../../fakes/memory-block-device.ts'

const SIZE = 1024 * 1024

function volumeWith(openDevice: OpenDevice): { volume: ServedVolume; states: SessionState[] } {
  const states: SessionState[] = []
  const volume = new ServedVolume({
    fd: -1, // nothing is mounted here
    volume: { readOnly: false } as VolumeSpec,
    pool: new BufferPool(0),
    openDevice,
    onState: (session) => states.push(session),
    onIoError: () => {},
  })
  return { volume, states }
}

describe('a volume that a new worker takes over', () => {
  test('is opened as soon as the target lets it', async () => {
    let refusals = 2
    const { volume, states } = volumeWith(async () => {
      if (refusals-- > 0) throw new StorageError('LOGIN_REFUSED', 'not yet')
      return new MemoryBlockDevice({ sizeBytes: SIZE })
    })
    await volume.reopen(SIZE)
    expect(volume.sizeBytes).toBe(SIZE)
    expect(states).toEqual([
      { state: 'reconnecting', detail: 'not yet' },
      { state: 'reconnecting', detail: 'not yet' },
    ])
  })

  test('fails all I/O when the disk is another one', async () => {
    const { volume, states } = volumeWith(async () => {
      throw new StorageError('IDENTITY_MISMATCH', 'another disk')
    })
    await volume.reopen(SIZE)
    expect(states).toEqual([{ state: 'failed', detail: 'another disk' }])
    expect(volume.sizeBytes).toBe(SIZE)
    await expect(volume.flush()).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    await volume.close()
  })

  test('is not waited for once it is let go', async () => {
    const { volume } = volumeWith(async () => {
      throw new StorageError('INITIATOR_UNAVAILABLE', 'the target is away')
    })
    const reopened = volume.reopen(SIZE)
    await volume.close()
    await expect(reopened).rejects.toThrow()
  })
})

test('a disk that was let go while it was being opened is closed', async () => {
  const device = new MemoryBlockDevice({ sizeBytes: SIZE })
  const { promise, resolve } = Promise.withResolvers<MemoryBlockDevice>()
  const { volume } = volumeWith(() => promise)
  const opened = volume.open()
  await volume.close()
  resolve(device)
  await expect(opened).rejects.toMatchObject({ reason: 'INITIATOR_UNAVAILABLE' })
  expect(device.calls).toEqual(['close'])
})
