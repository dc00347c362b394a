import { expect, test } from 'vitest'
import { parsing } from '../../src/csi/parse.ts'
import { checkMountFlags } from '../../src/node/mount-flags.ts'
import { bringUp, MOUNT, requestsFor, World } from './support.ts'

const CONTEXT = 'context="system_u:object_r:container_file_t:s0:c10,c20"'
const OTHER = 'context="system_u:object_r:container_file_t:s0:c11,c21"'
const check = (...flags: string[]) => parsing((faults) => checkMountFlags(flags, 'mount_flags', faults))

test('an SELinux context with its commas is one flag', () => {
  expect(() => check('noatime', CONTEXT)).not.toThrow()
})

test.each([
  ['noatime,bind'],
  ['context=a,b'],
  ['context="a,bind'],
  ['noatime\nbind'],
  ['bind'],
  ['X-mount.mkdir'],
  [''],
])('%j is refused', (flag) => {
  expect(() => check(flag)).toThrow(/mount flag/)
})

test('a mount has one SELinux context', () => {
  expect(() => check(CONTEXT, OTHER)).toThrow(/one SELinux context/)
})

const withContext = (context: string) => ({ ...MOUNT, mount: { fsType: 'ext4', mountFlags: [context] } })

test('the context is given to the mount at the staging path, and pods with another one are refused', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk, withContext(CONTEXT))
  expect(world.machine.mounts.get(world.staging)?.flags).toEqual([CONTEXT])
  const { stage, publish } = requestsFor(world, disk, withContext(OTHER))
  await expect(world.call('nodeStageVolume', stage)).rejects.toMatchObject({
    reason: 'PUBLISHED_DIFFERENTLY',
  })
  const other = world.call('nodePublishVolume', { ...publish, targetPath: world.target('other') })
  await expect(other).rejects.toMatchObject({ reason: 'STAGED_DIFFERENTLY' })
})
