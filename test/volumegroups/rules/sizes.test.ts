import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_DISK_BYTES, MAX_DISK_BYTES, SIZE_UNIT_BYTES } from '../../../src/volumegroups/index.ts'
import { isWithin, sizeFor } from '../../../src/volumegroups/rules/sizes.ts'

const MiB = SIZE_UNIT_BYTES
const none = { requiredBytes: undefined, limitBytes: undefined }

test('what is given is within what is asked for, in whole units, and no more than one unit too much', () => {
  const sizes = fc.option(fc.bigInt({ min: 1n, max: 4n * 1024n ** 4n }), { nil: undefined })
  fc.assert(
    fc.property(sizes, sizes, (requiredBytes, limitBytes) => {
      const range = { requiredBytes, limitBytes }
      let sizeBytes: bigint
      try {
        sizeBytes = sizeFor(range)
      } catch (error) {
        expect(error).toMatchObject({ reason: 'SIZE_OUT_OF_RANGE' })
        expect(limitBytes! - (requiredBytes ?? 0n) < MiB || limitBytes! < MiB).toBe(true)
        return
      }
      expect(isWithin(sizeBytes, range)).toBe(true)
      expect(sizeBytes % MiB).toBe(0n)
      if (requiredBytes !== undefined) expect(sizeBytes - requiredBytes).toBeLessThan(MiB)
    }),
  )
})

test.each([
  ['nothing asked for', none, undefined, DEFAULT_DISK_BYTES],
  ['zero is nothing asked for', { ...none, requiredBytes: 0n }, undefined, DEFAULT_DISK_BYTES],
  ['only a limit below the default', { ...none, limitBytes: 5n * MiB + 1n }, undefined, 5n * MiB],
  ["a source's size", none, 3n * MiB, 3n * MiB],
  ['more than the source', { ...none, requiredBytes: 4n * MiB }, 3n * MiB, 4n * MiB],
])('%s', (_name, range, sourceBytes, sizeBytes) => {
  expect(sizeFor(range, sourceBytes)).toBe(sizeBytes)
})

test.each([
  ['less than the source', { ...none, requiredBytes: 2n * MiB }, 3n * MiB],
  ['a limit below the source', { ...none, limitBytes: 2n * MiB }, 3n * MiB],
  ['more than the largest disk', { ...none, requiredBytes: MAX_DISK_BYTES + 1n }, undefined],
  ['no whole unit within the range', { requiredBytes: MiB + 1n, limitBytes: MiB + 2n }, undefined],
])('%s is refused', (_name, range, sourceBytes) => {
  expect(() => sizeFor(range, sourceBytes)).toThrow(expect.objectContaining({ reason: 'SIZE_OUT_OF_RANGE' }))
})
