import { expect, test } from 'vitest'
import { parseVolumeContext, toVolumeContext } from '../../src/csi/volume-context.ts'

test('what is written is read again, beside the keys of others', () => {
  const context = { fileSystem: 'xfs', mkfsOptions: '-m reflink=0', encryption: 'luks' } as const
  const map = { ...toVolumeContext(context), 'storage.kubernetes.io/csiProvisionerIdentity': 'p' }
  expect(parseVolumeContext(map)).toEqual(context)
})

test('nothing said is nothing written', () => {
  const nothing = { fileSystem: undefined, mkfsOptions: '', encryption: undefined }
  expect(toVolumeContext(nothing)).toEqual({})
  expect(parseVolumeContext({})).toEqual(nothing)
})

test('a file system that no volume can have is not believed', () => {
  expect(parseVolumeContext({ fsType: 'ntfs' }).fileSystem).toBeUndefined()
})
