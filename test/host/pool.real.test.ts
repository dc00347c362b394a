import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loopsOf } from '../../src/host/loop-devices.ts'
import { findMount, unmount } from '../../src/host/mounts.ts'
import { openPool, type PoolSpec } from '../../src/host/pool.ts'

let directory: string
let spec: Extract<PoolSpec, { imageFile: string }>
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-pool-'))
  const imageFile = join(directory, 'deep', 'pool.img')
  spec = { imageFile, sizeBytes: 256n * 1024n * 1024n, mountPoint: join(directory, 'pool') }
})
afterEach(async () => {
  await (
    await openPool({ ...spec, imageFile: join(directory, 'deep', 'pool.img') }).catch(() => undefined)
  )?.[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const unusable = { reason: 'POOL_UNUSABLE' }

test('an image is made once, sparse, and let go of completely', async () => {
  {
    await using pool = await openPool(spec)
    await expect(findMount(pool.path)).resolves.toMatchObject({ fsType: 'btrfs' })
    await writeFile(join(pool.path, 'kept'), 'kept')
  }
  expect(await findMount(spec.mountPoint)).toBeUndefined()
  expect(await loopsOf(spec.imageFile)).toEqual([])
  const { size, blocks } = await stat(spec.imageFile)
  expect(size).toBe(256 * 1024 * 1024)
  expect(blocks * 512).toBeLessThan(size / 8)
  await using again = await openPool({ ...spec, sizeBytes: 512n * 1024n * 1024n })
  expect(await readFile(join(again.path, 'kept'), 'utf8')).toBe('kept')
})

test('what an earlier process left mounted, or only attached, is taken over', async () => {
  const left = await openPool({ ...spec, leaveMounted: true })
  await left[Symbol.asyncDispose]()
  const loops = await loopsOf(spec.imageFile)
  expect(loops).toHaveLength(1)
  await openPool({ ...spec, leaveMounted: true })
  expect(await loopsOf(spec.imageFile)).toEqual(loops)
  await unmount(spec.mountPoint)
  {
    await using pool = await openPool(spec)
    await expect(findMount(pool.path)).resolves.toMatchObject({ source: loops[0] })
  }
  expect(await loopsOf(spec.imageFile)).toEqual([])
})

test('a file that holds anything else is never formatted', async () => {
  await (await openPool(spec))[Symbol.asyncDispose]()
  for (const content of ['a letter to grandmother', '']) {
    const imageFile = join(directory, 'letter')
    await writeFile(imageFile, content)
    await expect(openPool({ ...spec, imageFile })).rejects.toMatchObject(unusable)
    await truncate(imageFile, 256 * 1024 * 1024)
    await expect(openPool({ ...spec, imageFile })).rejects.toMatchObject(unusable)
    expect((await readFile(imageFile)).subarray(0, content.length).toString()).toBe(content)
  }
})

test('a mount point at which something else is mounted is refused', async () => {
  await using pool = await openPool(spec)
  const imageFile = join(directory, 'other.img')
  await expect(openPool({ ...spec, imageFile })).rejects.toMatchObject(unusable)
  expect(await loopsOf(imageFile)).toEqual([])
  await expect(findMount(pool.path)).resolves.toMatchObject({ fsType: 'btrfs' })
})

test("the operator's own mount is used and left alone; what is no btrfs mount is refused", async () => {
  await using pool = await openPool(spec)
  {
    await using own = await openPool({ path: pool.path })
    expect(own.path).toBe(pool.path)
  }
  expect(await findMount(pool.path)).toBeDefined()
  for (const path of [directory, '/proc', '/nowhere/at/all']) {
    await expect(openPool({ path })).rejects.toMatchObject(unusable)
  }
})
