import { mkdtemp, open, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  attachLoop,
  detachLoop,
  loopSizeBytes,
  loopsOf,
  refreshLoopSize,
} from '../../src/host/loop-devices.ts'

const MIB = 1024 * 1024

async function sparseFile(sizeBytes: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-loop-'))
  const file = join(folder, 'image')
  onTestFinished(async () => {
    for (const device of await loopsOf(file)) await detachLoop(device)
    await rm(folder, { recursive: true })
  })
  const handle = await open(file, 'w')
  await handle.truncate(sizeBytes)
  await handle.close()
  return file
}

test('a file is attached, found, grown and detached', async () => {
  const file = await sparseFile(8 * MIB)
  expect(await loopsOf(file)).toEqual([])

  const device = await attachLoop(file, { directIo: true, sectorSize: 4096 })
  expect(device).toMatch(/^\/dev\/loop\d+$/)
  expect(await loopsOf(file)).toEqual([device])
  expect(await loopSizeBytes(device)).toBe(BigInt(8 * MIB))

  await truncate(file, 12 * MIB)
  await refreshLoopSize(device)
  expect(await loopSizeBytes(device)).toBe(BigInt(12 * MIB))

  await detachLoop(device)
  expect(await loopsOf(file)).toEqual([])
  await detachLoop(device)
})

test('a read-only device refuses writes', async () => {
  const device = await attachLoop(await sparseFile(MIB), { directIo: false, readOnly: true })
  const handle = await open(device, 'r+')
  onTestFinished(() => handle.close())
  await expect(handle.write(Buffer.alloc(512), 0, 512, 0)).rejects.toMatchObject({ code: 'EPERM' })
})

test('many at once get devices of their own', async () => {
  const files = await Promise.all(Array.from({ length: 6 }, () => sparseFile(MIB)))
  const devices = await Promise.all(files.map((file) => attachLoop(file, { directIo: false })))
  expect(new Set(devices).size).toBe(files.length)
})

test('detaching waits for whoever has the device open', async () => {
  const file = await sparseFile(MIB)
  const device = await attachLoop(file, { directIo: false })
  const handle = await open(device, 'r')
  const order: string[] = []
  const detached = detachLoop(device).then(() => order.push('detached'))
  await handle.read(Buffer.alloc(512), 0, 512, 0)
  order.push('closed')
  await handle.close()
  await detached
  expect(order).toEqual(['closed', 'detached'])
  expect(await loopsOf(file)).toEqual([])
})
