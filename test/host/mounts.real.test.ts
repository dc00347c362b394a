import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { bindMount, findMount, mount, unmount } from '../../src/host/mounts.ts'

let root: string
const path = (name: string): string => join(root, name)
const tmpfs = (target: string) =>
  mount({ source: 'mooring-test', target, fsType: 'tmpfs', options: ['size=1m'] })

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mooring-mounts-'))
  for (const name of ['a', 'b', 'with space']) await mkdir(path(name))
})

afterEach(async () => {
  for (const name of ['b', 'file', 'with space', 'a']) await unmount(path(name), { lazy: true })
  await rm(root, { recursive: true })
})

test('a file system is mounted once, found, and unmounted twice', async () => {
  await tmpfs(path('with space'))
  expect(await findMount(path('with space'))).toMatchObject({
    target: path('with space'),
    root: '/',
    fsType: 'tmpfs',
    source: 'mooring-test',
  })
  await expect(tmpfs(path('with space'))).rejects.toMatchObject({ reason: 'MOUNT_POINT_TAKEN' })
  await unmount(path('with space'))
  await unmount(path('with space'))
  expect(await findMount(path('with space'))).toBeUndefined()
})

test('a bind shows the same files; a read-only one refuses writes', async () => {
  await tmpfs(path('a'))
  await writeFile(path('a/hello'), 'x')
  await bindMount(path('a'), path('b'), { readOnly: true })
  expect(await readFile(path('b/hello'), 'utf8')).toBe('x')
  await expect(writeFile(path('b/hello'), 'y')).rejects.toMatchObject({ code: 'EROFS' })
  await writeFile(path('a/hello'), 'y')
  const bound = await findMount(path('b'))
  expect(bound?.options).toContain('ro')
  expect(bound?.superOptions).toContain('rw')
  expect(bound?.device).toBe((await findMount(path('a')))?.device)
  await expect(bindMount(path('a'), path('b'))).rejects.toMatchObject({ reason: 'MOUNT_POINT_TAKEN' })
})

test('a file is bound on a file', async () => {
  await tmpfs(path('a'))
  await writeFile(path('a/source'), 'x')
  await writeFile(path('file'), '')
  await bindMount(path('a/source'), path('file'))
  expect(await readFile(path('file'), 'utf8')).toBe('x')
  expect(await findMount(path('file'))).toMatchObject({ root: '/source' })
})

test('a busy mount stays, unless it is taken away lazily', async () => {
  await tmpfs(path('a'))
  const file = await open(path('a/open'), 'w')
  try {
    await expect(unmount(path('a'))).rejects.toMatchObject({ reason: 'MOUNT_BUSY' })
    expect(await findMount(path('a'))).toBeDefined()
    await unmount(path('a'), { lazy: true })
    expect(await findMount(path('a'))).toBeUndefined()
  } finally {
    await file.close()
  }
})

test('mounts that somebody stacked are all taken away', async () => {
  await tmpfs(path('a'))
  await run({ file: 'mount', args: ['-t', 'tmpfs', 'second', path('a')] })
  expect(await findMount(path('a'))).toMatchObject({ source: 'second' })
  await unmount(path('a'))
  expect(await findMount(path('a'))).toBeUndefined()
})

test('a mount is found through a link in its parents', async () => {
  await mkdir(path('a/inner'))
  await symlink(path('a'), path('link'))
  await tmpfs(path('a/inner'))
  expect(await findMount(path('link/inner'))).toMatchObject({ target: path('a/inner') })
  await unmount(path('link/inner'))
  expect(await findMount(path('a/inner'))).toBeUndefined()
})

test('what can not be mounted leaves nothing', async () => {
  const wrong = { source: '/dev/null', target: path('a'), fsType: 'ext4' }
  await expect(mount(wrong)).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
  expect(await findMount(path('a'))).toBeUndefined()
})
