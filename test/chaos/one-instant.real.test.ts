import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { run } from '../../src/host/exec.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import {
  attachVolume,
  type CreateOptions,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { lastOfFiles, writeFiles } from './instant/file-systems.ts'
import type { OrderedWriter } from './instant/ordered-writer.ts'
import { cloneOf, deletePoint, type GroupPoint, takePoint } from './instant/points.ts'
import { lastOfRing, writeRaw } from './instant/raw-disks.ts'

/**
 * A recovery point of a group is one instant of all its disks: an application that orders its writes across disks
 * finds them in order in every point, on the bare disks and through file systems.
 */

const MIB = 1024 ** 2
const DISKS = 8
const RAW_POINTS = byLength(40, 1000)
const FILE_POINTS = byLength(5, 200)
/** One raw point of so many is also restored and read as a node does. */
const RESTORED_EVERY = byLength(20, 50)
const TIMEOUT_MS = byLength(300_000, 7_200_000)

let deployment: Deployment
let driver: Driver

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-instant' })
  driver = deployment.driver()
})
afterAll(() => deployment?.[Symbol.asyncDispose]())

test(`${RAW_POINTS} points of ${DISKS} disks under an ordered writer are one instant each`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const disks = Array.from({ length: DISKS }, () => ({ access: 'block', sizeBytes: 16 * MIB }) as const)
  const { volumes, paths } = await attachGroup('raw', disks)
  const writer = await writeRaw(paths)
  await checkPoints(writer, { title: `${DISKS} disks`, count: RAW_POINTS, volumes }, async (point, index) => {
    const sequences = await Promise.all(imagesOf(point).map(lastOfRing))
    if (index % RESTORED_EVERY === 0) expect(await restoredSequences(point)).toEqual(sequences)
    return sequences
  })
})

test(`${FILE_POINTS} points of ext4 and xfs under ordered flushes are one instant each, and sound`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const { volumes, paths } = await attachGroup('files', [
    { sizeBytes: 64 * MIB, parameters: { fsType: 'ext4' } },
    { sizeBytes: 320 * MIB, parameters: { fsType: 'xfs' } },
  ])
  const writer = await writeFiles(paths)
  await checkPoints(writer, { title: 'ext4 and xfs', count: FILE_POINTS, volumes }, mountedSequences)
})

test('snapshots of one disk after another are not one instant, and are seen not to be', {
  timeout: TIMEOUT_MS,
}, async () => {
  const disks = Array.from({ length: 2 }, () => ({ access: 'block', sizeBytes: 16 * MIB }) as const)
  const { volumes, paths } = await attachGroup('apart', disks)
  const writer = await writeRaw(paths)
  const sequences: number[] = []
  try {
    for (const [index, volume] of volumes.entries()) {
      await writer.rounds(3)
      const point = await takePoint(driver, `apart ${index}`, [volume])
      sequences.push(...(await Promise.all(imagesOf(point).map(lastOfRing))))
      await deletePoint(driver, point)
    }
  } finally {
    await writer.stop()
  }
  expect(isOneInstant(sequences)).toBe(false)
  await remove(volumes)
})

interface Series {
  readonly title: string
  readonly count: number
  readonly volumes: readonly TestVolume[]
}

interface Seen {
  /** What every disk had before the point was asked for. */
  readonly acknowledged: number
  readonly sequences: readonly number[]
}

type Look = (point: GroupPoint, index: number) => Promise<readonly number[]>

/** Takes the points while the writer writes, looks into each, and gives everything up in the end. */
async function checkPoints(writer: OrderedWriter, series: Series, look: Look): Promise<void> {
  const { title, count, volumes } = series
  const seen: Seen[] = []
  try {
    await writer.alone()
    for (let index = 0; index < count; index += 1) {
      const acknowledged = await writer.rounds(1)
      const point = await writer.during(() => takePoint(driver, `${title} ${index}`, volumes))
      seen.push({ acknowledged, sequences: await look(point, index) })
      await deletePoint(driver, point)
    }
  } finally {
    await writer.stop()
  }
  const isViolated = ({ acknowledged, sequences }: Seen): boolean =>
    !isOneInstant(sequences) || sequences.some((sequence) => sequence < acknowledged)
  const violations = seen.filter(isViolated)
  process.stdout.write(
    `${count} points of ${title} in ${seen.at(-1)?.acknowledged} rounds: ${violations.length} not of one instant\n${writer.describe()}`,
  )
  expect(violations).toEqual([])
  await remove(volumes)
}

/** No disk is ahead of one before it, and the last is at most one behind the first. */
const isOneInstant = (sequences: readonly number[]): boolean =>
  sequences.every((sequence, disk) => disk === 0 || sequence <= sequences[disk - 1]!) &&
  sequences.at(-1)! >= sequences[0]! - 1

/** Gives up the volumes and their group, which stays when its last volume goes because it was asked for by name. */
async function remove(volumes: readonly TestVolume[]): Promise<void> {
  for (const volume of volumes) {
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  }
  await using element = createElementEndpoint({ socketPath: deployment.elementSocket })
  for (const { id } of (await element.listGroups()).items) await element.deleteGroup(id)
  expect(remainsOf(await censusOf(deployment))).toEqual({})
}

type DiskChoice = Omit<CreateOptions, 'name'>

async function attachGroup(volumeGroup: string, disks: readonly DiskChoice[]) {
  const volumes: TestVolume[] = []
  const paths: string[] = []
  for (const [index, disk] of disks.entries()) {
    const parameters = { ...disk.parameters, volumeGroup }
    const volume = await createVolume(driver, { ...disk, name: `${volumeGroup}-${index}`, parameters })
    volumes.push(volume)
    paths.push(await attachVolume(driver, volume))
  }
  return { volumes, paths }
}

/** The images of the point's disks, where the store keeps them. */
const imagesOf = ({ id, volumes }: GroupPoint): string[] =>
  volumes.map(({ volumeId }) => fileInPool((group) => join(group, 'rp', id, `${volumeId}.img`)))

function fileInPool(within: (group: string) => string): string {
  const groups = join(deployment.poolPath, 'vg')
  const file = readdirSync(groups)
    .map((group) => within(join(groups, group)))
    .find(existsSync)
  if (file === undefined) throw new Error(`the pool has no ${within('')}`)
  return file
}

/** What a node reads from volumes made of the point. */
async function restoredSequences(point: GroupPoint): Promise<number[]> {
  await using clones = await cloneOf(driver, point, { access: 'block' })
  return await Promise.all(clones.paths.map(lastOfRing))
}

/** What a node finds in volumes made of the point, after it has replayed their journals; checkers have no complaint. */
async function mountedSequences(point: GroupPoint): Promise<number[]> {
  await using clones = await cloneOf(driver, point, { access: 'mount' })
  const sequences = await Promise.all(clones.paths.map(lastOfFiles))
  await clones.detach()
  const [ext4 = '', xfs = ''] = clones.volumes.map(({ volumeId }) =>
    fileInPool((group) => join(group, 'active', `${volumeId}.img`)),
  )
  await run({ file: 'e2fsck', args: ['-fn', ext4] })
  await run({ file: 'xfs_repair', args: ['-n', '-f', xfs] })
  return sequences
}
