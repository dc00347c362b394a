import { createHash, randomBytes } from 'node:crypto'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint, type ElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { run } from '../../src/host/exec.ts'
import { Deployment } from '../support/deployment.ts'
import { verifyWithFio } from '../support/fio.ts'
import {
  attachVolume,
  createSnapshot,
  createVolume,
  type Driver,
  deleteSnapshot,
  deleteVolume,
  detachVolume,
} from '../support/volumes.ts'

/**
 * A pool that runs full under I/O: what is asked of it is refused in words that say why, what was acknowledged is
 * there, and when there is space again disks are written and made as before. The element, target and node stay up.
 */

const MIB = 1024 ** 2
const SIZE_MIB = 128

let deployment: Deployment
let element: ElementEndpoint
let driver: Driver

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-full', poolBytes: 1024 * MIB })
  element = createElementEndpoint({ socketPath: deployment.elementSocket })
  driver = {
    controller: deployment.csi('controller'),
    node: deployment.csi('node'),
    folder: deployment.folder,
  }
})
afterAll(async () => {
  await element?.[Symbol.asyncDispose]()
  await deployment?.[Symbol.asyncDispose]()
})

test('a full pool refuses precisely, loses nothing that was acknowledged, and takes writes again when there is space', {
  timeout: 600_000,
}, async () => {
  const raw = await createVolume(driver, { name: 'raw', access: 'block', sizeBytes: SIZE_MIB * MIB })
  const mounted = await createVolume(driver, { name: 'mounted', sizeBytes: SIZE_MIB * MIB })
  const [device, folder] = [await attachVolume(driver, raw), await attachVolume(driver, mounted)]
  const acknowledged = randomBytes(8 * MIB)
  await writeDurably(join(folder, 'acknowledged'), acknowledged)
  await verifyWithFio({ file: device, sizeMib: SIZE_MIB })
  expect(await element.capacity()).toMatchObject({ state: 'ok' })

  const ballast = join(deployment.poolPath, 'ballast')
  // Runs into the wall while fio writes: either may be the one that finds no space.
  const [busy] = await Promise.allSettled([
    verifyWithFio({ file: device, sizeMib: SIZE_MIB, seed: 8 }),
    fill(ballast),
  ])
  process.stdout.write(`fio while the pool ran full: ${busy.status}\n`)
  expect(await element.capacity()).toMatchObject({
    state: 'stopped',
    availableBytes: 0n,
    maximumDiskBytes: 0n,
  })
  const refusal = {
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringMatching(/NO_SPACE: the pool is 95 % full/),
  }
  await expect(createVolume(driver, { name: 'more', sizeBytes: MIB })).rejects.toMatchObject(refusal)
  const capacityRange = { requiredBytes: String(2 * SIZE_MIB * MIB) }
  const grow = driver.controller.call('ControllerExpandVolume', { volumeId: raw.volumeId, capacityRange })
  await expect(grow).rejects.toMatchObject(refusal)
  // A thin disk can not be written where there is no space; the error comes at once, and harms nothing.
  const [starved] = await Promise.allSettled([verifyWithFio({ file: device, sizeMib: SIZE_MIB, seed: 10 })])
  process.stdout.write(`fio in the full pool: ${starved.status}\n`)
  expect(sha256(await readFile(join(folder, 'acknowledged')))).toBe(sha256(acknowledged))
  const snapshot = await createSnapshot(driver, 'full', raw).catch((error) => error)
  if (typeof snapshot !== 'string') expect(snapshot).toMatchObject({ code: status.RESOURCE_EXHAUSTED })

  await rm(ballast)
  await run({ file: 'btrfs', args: ['filesystem', 'sync', deployment.poolPath] })
  await expect.poll(async () => (await element.capacity()).state, { timeout: 60_000 }).not.toBe('stopped')
  await verifyWithFio({ file: device, sizeMib: SIZE_MIB, seed: 9 })
  await verifyWithFio({ file: device, sizeMib: SIZE_MIB, seed: 9, readBack: true })
  // A file system that met a failed write is read-only until it is mounted again; what it had acknowledged is there.
  await detachVolume(driver, mounted)
  await attachVolume(driver, mounted)
  expect(sha256(await readFile(join(folder, 'acknowledged')))).toBe(sha256(acknowledged))
  await writeDurably(join(folder, 'after'), acknowledged)
  expect(sha256(await readFile(join(folder, 'after')))).toBe(sha256(acknowledged))
  const more = await createVolume(driver, { name: 'more', sizeBytes: MIB })

  for (const volume of [raw, mounted]) await detachVolume(driver, volume)
  if (typeof snapshot === 'string') await deleteSnapshot(driver, snapshot)
  for (const volume of [raw, mounted, more]) await deleteVolume(driver, volume)
})

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

async function writeDurably(path: string, data: Uint8Array): Promise<void> {
  await using file = await open(path, 'w')
  await file.writeFile(data)
  await file.sync()
}

/** Until not one block more fits. */
async function fill(path: string): Promise<void> {
  await writeFile(path, '')
  for (const size of [MIB, 4096]) {
    const chunk = randomBytes(size)
    await using file = await open(path, 'a')
    for (let full = false; !full; ) {
      full = await file
        .appendFile(chunk)
        .then(() => file.datasync())
        .then(
          () => false,
          (error) => error.code === 'ENOSPC',
        )
    }
  }
}
