import { expect, test } from 'vitest'
import { findMount, parseMounts, readMounts } from '../../src/host/mounts.ts'

test('a line is read with its optional fields', () => {
  const [mount] = parseMounts(
    '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n',
  )
  expect(mount).toEqual({
    id: 36,
    parentId: 35,
    device: '98:0',
    root: '/mnt1',
    target: '/mnt2',
    options: ['rw', 'noatime'],
    tags: ['master:1', 'shared:2'],
    fsType: 'ext3',
    source: '/dev/root',
    superOptions: ['rw', 'errors=continue'],
  })
})

test('a line without optional fields, and a root that is itself a dash', () => {
  const [mount] = parseMounts('1 2 0:5 - /x rw - tmpfs none rw\n')
  expect(mount).toMatchObject({ root: '-', tags: [], fsType: 'tmpfs', source: 'none' })
})

test('escaped bytes are read back, also beside letters of more than one byte', () => {
  const [mount] = parseMounts('1 2 0:5 / /a\\040b\\011c\\012d\\134e\\043ü rw - ext4 /dev/x\\040y rw\n')
  expect(mount?.target).toBe('/a b\tc\nd\\e#ü')
  expect(mount?.source).toBe('/dev/x y')
})

test('a line that is cut off is refused', () => {
  expect(() => parseMounts('1 2 0:5 / /x rw - ext4\n')).toThrow(
    expect.objectContaining({ reason: 'COMMAND_FAILED' }),
  )
})

test('the mounts of this machine are found by their exact path', async () => {
  expect((await readMounts()).length).toBeGreaterThan(0)
  expect(await findMount('/proc')).toMatchObject({ fsType: 'proc' })
  expect(await findMount('/proc/self')).toBeUndefined()
  expect(await findMount('/no/such/path')).toBeUndefined()
})
