import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { findMount, unmount } from '../../src/host/mounts.ts'
import { createHostMachine } from '../../src/node/host-machine.ts'

const machine = createHostMachine()
let root: string
const path = (name: string): string => join(root, name)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mooring-machine-'))
  onTestFinished(async () => {
    await unmount(path('target'), { lazy: true })
    await rm(root, { recursive: true })
  })
})

/** A FUSE mount whose server is gone: everything on it fails with ENOTCONN. */
async function deadMount(target: string): Promise<void> {
  await mkdir(target)
  await using device = await open('/dev/fuse', 'r+')
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0'
  const args = ['-i', '-t', 'fuse.dead', '-o', options, 'dead', target]
  await run({ file: 'mount', args }, { fds: [device.fd] })
}

test('a dead mount is seen without being touched, taken away, and its target removed', async () => {
  await deadMount(path('target'))
  await expect(stat(path('target'))).rejects.toMatchObject({ code: 'ENOTCONN' })
  expect(await machine.mountAt(path('target'))).toMatchObject({ kind: 'filesystem', root: '/' })
  await expect(machine.usage(path('target'))).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
  await machine.unmount(path('target'))
  await machine.removeTarget(path('target'))
  expect(existsSync(path('target'))).toBe(false)
})

test('a target is made once and removed once, as directory or as file', async () => {
  for (const kind of ['directory', 'file'] as const) {
    await machine.makeTarget(path('target'), kind)
    await machine.makeTarget(path('target'), kind)
    expect((await stat(path('target'))).isDirectory()).toBe(kind === 'directory')
    await machine.removeTarget(path('target'))
    await machine.removeTarget(path('target'))
    expect(existsSync(path('target'))).toBe(false)
  }
})

test('a target in a directory that is not there is an error, not made with its parents', async () => {
  await expect(machine.makeTarget(path('no/such'), 'directory')).rejects.toMatchObject({
    reason: 'COMMAND_FAILED',
  })
  expect(existsSync(path('no'))).toBe(false)
})

test('what holds data is never removed', async () => {
  await mkdir(path('directory'))
  await writeFile(path('directory/file'), 'data')
  await writeFile(path('file'), 'data')
  for (const name of ['directory', 'file']) {
    await expect(machine.removeTarget(path(name))).rejects.toMatchObject({ reason: 'TARGET_NOT_EMPTY' })
    expect(existsSync(path(name))).toBe(true)
  }
})

test('a mount of no block device says so by its source', async () => {
  await mkdir(path('target'))
  await run({ file: 'mount', args: ['-t', 'tmpfs', 'mooring-test', path('target')] })
  expect(await machine.mountAt(path('target'))).toMatchObject({ kind: 'filesystem', device: 'mooring-test' })
  expect((await findMount(path('target')))?.device).toMatch(/^0:/)
})
