import {
  attachVolume,
  createVolume,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { type Figure, inParallel, quantile, spread, timedMs } from './figures.ts'
import type { Site } from './site.ts'

const ROUNDS = 50
const CREATORS = 8
const SIZE_BYTES = 64 * 1024 ** 2
const ATTACHED = 16

/** A site, how many disks its element is to hold, and how long each attach took there. */
interface Scale {
  readonly site: Site
  readonly disks: number
  readonly attachMs: number[]
}

/** How long an attach takes with few and with many disks in the element. The sites take turns, in changing order. */
export async function measureScale(sites: readonly { site: Site; disks: number }[]): Promise<Figure[]> {
  const scales = sites.map((one): Scale => ({ ...one, attachMs: [] }))
  for (const { site, disks } of scales) await fill(site, disks - 1)
  for (let round = 0; round < ROUNDS; round += 1) {
    scales.push(scales.shift() as Scale)
    await attachEverywhere(scales, `scale-${round}`)
  }
  const inOrder = scales.toSorted((a, b) => a.disks - b.disks)
  const few = inOrder.at(0) as Scale
  const many = inOrder.at(-1) as Scale
  const ratio = (fraction: number): number =>
    quantile(many.attachMs, fraction) / quantile(few.attachMs, fraction)
  const common = { unit: 'x', samples: ROUNDS, atMost: 1.2 }
  const what = `attach with ${many.disks} disks to attach with ${few.disks}`
  return [
    ...inOrder.flatMap(({ disks, attachMs }) =>
      spread(`attach, ${disks} disks in the element`, attachMs, { atMost: 500 }),
    ),
    { ...common, name: `ratio of ${what}, p50`, value: ratio(0.5) },
    { ...common, name: `ratio of ${what}, p99`, value: ratio(0.99) },
  ]
}

/** What is measured is one attach at a time, of a new volume; making it and taking it away is not. */
async function attachEverywhere(scales: readonly Scale[], name: string): Promise<void> {
  const made: { site: Site; volume: TestVolume }[] = []
  for (const { site, attachMs } of scales) {
    const volume = await createVolume(site.driver, { name, sizeBytes: SIZE_BYTES })
    attachMs.push(await timedMs(() => attachVolume(site.driver, volume)))
    made.push({ site, volume })
  }
  await inParallel(made, made.length, async ({ site, volume }) => {
    await detachVolume(site.driver, volume)
    await deleteVolume(site.driver, volume)
  })
}

async function fill({ driver }: Site, disks: number): Promise<void> {
  const names = Array.from({ length: disks }, (_, index) => `filler-${index}`)
  await inParallel(names, CREATORS, async (name) => {
    await createVolume(driver, { name, sizeBytes: SIZE_BYTES })
  })
}

/** Calls while this many volumes are mounted; gives what the call gave. */
export async function withAttached<Result>({ driver }: Site, task: () => Result): Promise<Result> {
  const names = Array.from({ length: ATTACHED }, (_, index) => `attached-${index}`)
  const volumes: TestVolume[] = []
  await inParallel(names, CREATORS, async (name) => {
    const volume = await createVolume(driver, { name, sizeBytes: SIZE_BYTES })
    volumes.push(volume)
    await attachVolume(driver, volume)
  })
  const result = task()
  await inParallel(volumes, CREATORS, (volume) => detachVolume(driver, volume))
  return result
}
