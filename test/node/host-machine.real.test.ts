import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { unmount } from '../../src/host/mounts.ts'
import { createHostMachine } from '../../src/node/host-machine.ts'
import { CONTRACT_DEVICE_BYTES, machineContract } from '../contract/machine.ts'
import { Bench } from '../host/filesystems/support.ts'

const machine = createHostMachine()

machineContract('this machine', async () => {
  const bench = await Bench.create()
  const device = async () => {
    const made = await bench.device(CONTRACT_DEVICE_BYTES)
    // What is registered last is done first: a device in use can not be detached.
    onTestFinished(async () => {
      for (const name of ['target', 'staging']) await unmount(join(bench.root, name))
    })
    return made
  }
  return { machine, root: bench.root, device }
})

/** A target in a directory that goes with the test. */
async function target(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'mooring-machine-'))
  const path = join(root, 'target')
  await mkdir(path)
  onTestFinished(async () => {
    await unmount(path, { lazy: true })
    await rm(root, { recursive: true })
  })
  return path
}

test('a dead mount is seen without being touched, taken away, and its target removed', async () => {
  const path = await target()
  {
    await using device = await open('/dev/fuse', 'r+')
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0'
    const args = ['-i', '-t', 'fuse.dead', '-o', options, 'dead', path]
    await run({ file: 'mount', args }, { fds: [device.fd] })
  }
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOTCONN' }) // its server is gone
  expect(await machine.mountAt(path)).toMatchObject({ kind: 'filesystem', root: '/' })
  await expect(machine.usage(path)).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
  await machine.unmount(path)
  await machine.removeTarget(path)
  expect(existsSync(path)).toBe(false)
})

test('a target in a directory that is not there is an error, not made with its parents', async () => {
  const path = await target()
  const made = machine.makeTarget(join(path, 'no/such'), 'directory')
  await expect(made).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
  expect(existsSync(join(path, 'no'))).toBe(false)
})

test('a mount of no block device says so by its source', async () => {
  const path = await target()
  await run({ file: 'mount', args: ['-t', 'tmpfs', 'mooring-test', path] })
  expect(await machine.mountAt(path)).toMatchObject({ kind: 'filesystem', device: 'mooring-test' })
})
