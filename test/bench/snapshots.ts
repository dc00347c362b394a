import { setTimeout as sleep } from 'node:timers/promises'
import type { CreateVolumeGroupSnapshotResponse } from '../../src/csi/messages.ts'
import {
  attachVolume,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { type Figure, inParallel, median, quantile } from './figures.ts'
import { longestMs } from './fio.ts'
import type { Site } from './site.ts'

const MEMBERS = 16
const ROUNDS = 20
const SIZE_BYTES = 64 * 1024 ** 2
const LOAD_ROUNDS = 2
const LOAD_SECONDS = 6
const PAUSE_MS = 250

/** A group snapshot of many disks beside one of one, in turns; and what I/O to the disks feels of snapshots. */
export async function measureSnapshots({ driver }: Site): Promise<Figure[]> {
  const one = await makeGroup(driver, 'bench-one', 1)
  const many = await makeGroup(driver, 'bench-many', MEMBERS)
  const devices: string[] = []
  await inParallel(many, 4, async (volume) => void devices.push(await attachVolume(driver, volume)))
  const figures = [...(await compare(driver, one, many)), ...(await measureStall(driver, many, devices))]
  await inParallel(many, 4, (volume) => detachVolume(driver, volume))
  await inParallel([...one, ...many], 4, (volume) => deleteVolume(driver, volume))
  return figures
}

async function makeGroup(driver: Driver, group: string, disks: number): Promise<TestVolume[]> {
  const volumes: TestVolume[] = []
  for (let index = 0; index < disks; index += 1) {
    const parameters = { volumeGroup: group }
    const options = { name: `${group}-${index}`, sizeBytes: SIZE_BYTES, access: 'block', parameters } as const
    volumes.push(await createVolume(driver, options))
  }
  return volumes
}

async function compare(driver: Driver, one: TestVolume[], many: TestVolume[]): Promise<Figure[]> {
  const oneMs: number[] = []
  const manyMs: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    oneMs.push(await snapshot(driver, `one-${round}`, one))
    manyMs.push(await snapshot(driver, `many-${round}`, many))
  }
  const common = { samples: ROUNDS }
  return [
    { ...common, name: 'group snapshot of 1 disk, p50', value: median(oneMs), unit: 'ms' },
    { ...common, name: `group snapshot of ${MEMBERS} disks, p50`, value: median(manyMs), unit: 'ms' },
    {
      ...common,
      name: `ratio of a group snapshot of ${MEMBERS} disks to one of 1`,
      value: median(manyMs) / median(oneMs),
      unit: 'x',
      atMost: 1.5,
    },
  ]
}

/** Takes a group snapshot and deletes it; gives how long the taking took. */
async function snapshot(driver: Driver, name: string, members: readonly TestVolume[]): Promise<number> {
  const request = { name, sourceVolumeIds: members.map(({ volumeId }) => volumeId) }
  const begun = performance.now()
  const { groupSnapshot } = await driver.controller.call<CreateVolumeGroupSnapshotResponse>(
    'CreateVolumeGroupSnapshot',
    request,
  )
  const tookMs = performance.now() - begun
  const { groupSnapshotId, snapshots } = groupSnapshot as NonNullable<typeof groupSnapshot>
  const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId)
  await driver.controller.call('DeleteVolumeGroupSnapshot', { groupSnapshotId, snapshotIds })
  return tookMs
}

/** The longest that one of the writes to all the disks took: with no snapshots taken, and with many. */
async function measureStall(
  driver: Driver,
  members: readonly TestVolume[],
  devices: readonly string[],
): Promise<Figure[]> {
  const quietMs: number[] = []
  const busyMs: number[] = []
  let taken = 0
  await longestMs(devices, LOAD_SECONDS) // every block is written once, so that both kinds of round overwrite
  for (let round = 0; round < LOAD_ROUNDS; round += 1) {
    quietMs.push(await longestMs(devices, LOAD_SECONDS))
    let loaded = true
    const load = longestMs(devices, LOAD_SECONDS).finally(() => {
      loaded = false
    })
    for (; loaded; taken += 1) {
      await snapshot(driver, `load-${taken}`, members)
      await sleep(PAUSE_MS)
    }
    busyMs.push(await load)
  }
  return [
    { name: 'longest I/O, no snapshots', value: quantile(quietMs, 1), unit: 'ms', samples: LOAD_ROUNDS },
    {
      name: 'longest I/O while group snapshots are taken',
      value: quantile(busyMs, 1),
      unit: 'ms',
      samples: taken,
      atMost: 100,
    },
  ]
}
