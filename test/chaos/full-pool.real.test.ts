import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint, type ElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { run } from '../../src/host/exec.ts'
import type { PoolState } from '../../src/volumegroups/index.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { verifyWithFio } from '../support/fio.ts'
import {
  attachVolume,
  createSnapshot,
  createVolume,
  type Driver,
  deleteSnapshot,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'

/**
 * A pool that runs full under fio on mounted file systems while snapshots are taken: what is asked of it is refused
 * in words that say why, no I/O fails, and everything goes on by itself when there is space again.
 */

const MIB = 1024 ** 2
const FILE_MIB = 96
/** Enough to write both files anew beside what snapshots keep of them. */
const BALLAST_MIB = 640
/** xfs takes no less than 300 MiB. */
const VOLUME_BYTES = 384 * MIB
const WAIT_MS = 120_000
const ROUNDS = byLength(1, 5)
/** So long initiators wait at least before space comes back: what would give up by itself has time to. */
const PAUSE_MS = byLength(8_000, 150_000)

let deployment: Deployment
let element: ElementEndpoint
let driver: Driver

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-full', poolBytes: 1792 * MIB })
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

test('a pool that runs full under fio and snapshots refuses precisely, and service goes on by itself with nothing lost', {
  timeout: byLength(600_000, 3_600_000),
}, async () => {
  const volumes = await Promise.all(['ext4', 'xfs'].map(makeMounted))
  const ballast = await makeBallast()
  const writers = volumes.map(({ folder }) => startWriter(join(folder, 'fio')))
  for (let round = 0; round < ROUNDS; round++) {
    const snapshots = await fillWithSnapshots(
      volumes.map(({ volume }) => volume),
      `round-${round}`,
    )
    await expectRefusals(volumes[0]!.volume)
    await comesBack(writers, async () => {
      for (const snapshot of snapshots) await deleteSnapshot(driver, snapshot)
    })
  }
  const last = await fillWithSnapshots(
    volumes.map(({ volume }) => volume),
    'last',
  )
  await comesBack(writers, () => deleteVolume(driver, ballast))
  for (const snapshot of last) await deleteSnapshot(driver, snapshot)
  const rounds = await Promise.all(writers.map((writer) => writer.stop()))
  process.stdout.write(`fio, written and verified whole: ${rounds.join(' and ')} times\n`)
  for (const { volume, folder, kind } of volumes) {
    expect(await optionsOf(folder)).toContain('rw')
    await writeFile(join(folder, 'after'), 'after', { flush: true })
    await detachVolume(driver, volume)
    await checkFilesystem(volume, kind)
  }
  const more = await createVolume(driver, { name: 'more', sizeBytes: MIB })
  for (const volume of [...volumes.map(({ volume }) => volume), more]) await deleteVolume(driver, volume)
  expect(crossingsIn(deployment.logs())).toEqual(
    expect.arrayContaining(['warning', 'stopped', 'paused', 'ok']),
  )
})

type Kind = 'ext4' | 'xfs'

async function makeMounted(kind: string) {
  const parameters = { fsType: kind }
  const volume = await createVolume(driver, { name: kind, sizeBytes: VOLUME_BYTES, parameters })
  return { volume, folder: await attachVolume(driver, volume), kind: kind as Kind }
}

/** A volume that holds something and that nobody uses. */
async function makeBallast(): Promise<TestVolume> {
  const volume = await createVolume(driver, {
    name: 'ballast',
    access: 'block',
    sizeBytes: BALLAST_MIB * MIB,
  })
  const device = await attachVolume(driver, volume)
  await verifyWithFio({ file: device, sizeMib: BALLAST_MIB })
  await detachVolume(driver, volume)
  return volume
}

/** fio writes the file anew and verifies it, over and over, each time with other content, until it is stopped. */
function startWriter(file: string) {
  const progress = { rounds: 0, stopped: false }
  const running = (async () => {
    while (!progress.stopped) {
      await verifyWithFio({ file, sizeMib: FILE_MIB, seed: progress.rounds })
      progress.rounds += 1
    }
  })()
  running.catch(() => {}) // told by stop
  return {
    /** Has written and verified the whole file after now. */
    goesOn: async () => {
      const from = progress.rounds
      await Promise.race([
        expect.poll(() => progress.rounds, { timeout: WAIT_MS }).toBeGreaterThanOrEqual(from + 2),
        running,
      ])
    },
    stop: async () => {
      progress.stopped = true
      await running
      return progress.rounds
    },
  }
}

const stateOf = async (): Promise<PoolState> => (await element.capacity()).state

/** What fio writes anew takes new space, since the snapshots keep what was there before. */
async function fillWithSnapshots(volumes: readonly TestVolume[], name: string): Promise<string[]> {
  const made: string[] = []
  for (let index = 0; (await stateOf()) !== 'paused'; index++) {
    for (const volume of volumes) {
      const snapshot = createSnapshot(driver, `${name}-${index}-${volume.volumeId}`, volume)
      const ended = await snapshot.catch((error: unknown) => error)
      if (typeof ended === 'string') made.push(ended)
      else expect(ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    }
    await sleep(500)
  }
  return made
}

const FULL = {
  code: status.RESOURCE_EXHAUSTED,
  details: expect.stringMatching(
    /NO_SPACE: the pool is 95 % full or more, so no disk is made .* the largest groups are vg-\S+ \(\d+ bytes\)/,
  ),
}

async function expectRefusals(volume: TestVolume): Promise<void> {
  expect(await element.capacity()).toMatchObject({ availableBytes: 0n, maximumDiskBytes: 0n })
  await expect(createVolume(driver, { name: 'more', sizeBytes: MIB })).rejects.toMatchObject(FULL)
  const capacityRange = { requiredBytes: String(2 * VOLUME_BYTES) }
  const grow = driver.controller.call('ControllerExpandVolume', { volumeId: volume.volumeId, capacityRange })
  await expect(grow).rejects.toMatchObject(FULL)
}

type Writer = ReturnType<typeof startWriter>

/** While initiators wait nothing is written; once there is space they go on, with nobody's help. */
async function comesBack(writers: readonly Writer[], makeSpace: () => Promise<void>): Promise<void> {
  await sleep(PAUSE_MS)
  expect(await stateOf()).toBe('paused')
  await makeSpace()
  await expect.poll(stateOf, { timeout: WAIT_MS }).not.toBe('paused')
  await Promise.all(writers.map((writer) => writer.goesOn()))
}

async function optionsOf(folder: string): Promise<string[]> {
  const { stdout } = await run({ file: 'findmnt', args: ['--noheadings', '--output', 'OPTIONS', folder] })
  return stdout.trim().split(',')
}

/** On the disk as the pool holds it, read only. */
async function checkFilesystem({ volumeId }: TestVolume, kind: Kind): Promise<void> {
  const files = await readdir(deployment.poolPath, { recursive: true })
  const file = files.find((path) => path.includes('/active/') && path.includes(volumeId))
  const path = join(deployment.poolPath, file ?? 'no such disk')
  const check = { ext4: ['e2fsck', '-f', '-n'], xfs: ['xfs_repair', '-n', '-f'] }[kind]
  await run({ file: check[0]!, args: [...check.slice(1), path] }, { timeoutMs: 120_000 })
}

/** The states of the pool, as the element's log tells of each crossing. */
const crossingsIn = (logs: string): string[] =>
  [...logs.matchAll(/"part":"pool","state":"(\w+)"/g)].map(([, state = '']) => state)
