import { expect, test } from 'vitest'
import { diskIds, recoveryPointIds } from '../../../src/volumegroups/index.ts'
import { cursorFrom, tokenFor } from '../../../src/volumegroups/rules/pages.ts'

const cursor = { atMs: 1_795_227_345_259, keys: [recoveryPointIds.create(), diskIds.create()] }

test('a token gives back its cursor', () => {
  expect(cursorFrom(tokenFor(cursor, 'diskImages'), 'diskImages')).toEqual(cursor)
  const strange = { atMs: 0, keys: ['a:b/c ü%', ''] }
  expect(cursorFrom(tokenFor(strange, 'disks'), 'disks')).toEqual(strange)
})

test('the token of a snapshot list fits into the 128 bytes of a CSI string', () => {
  expect(Buffer.byteLength(tokenFor(cursor, 'diskImages'))).toBeLessThanOrEqual(128)
})

test.each([
  '',
  'invalid-token',
  'disks',
  'disks:1',
  'disks:x:disk-1',
  'disks:01:disk-1',
  'disks:1.5:disk-1',
  'disks:1:%',
  'groups:1:vg-1',
])('%s is no token of the list of disks', (token) => {
  expect(() => cursorFrom(token, 'disks')).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }))
})
