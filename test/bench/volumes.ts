import {
  attachVolume,
  createVolume,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { type Figure, inParallel, spread, timedMs } from './figures.ts'
import type { Site } from './site.ts'

const VOLUMES = 48
const CALLERS = [1, 4, 16]
const SIZE_BYTES = 64 * 1024 ** 2

/** From CreateVolume to a mounted file system, by several callers at once, each with one volume at a time. */
export async function measureVolumes(site: Site): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const callers of CALLERS) figures.push(...(await measureCallers(site, callers)))
  return figures
}

async function measureCallers({ driver }: Site, callers: number): Promise<Figure[]> {
  const volumes: TestVolume[] = []
  const attachMs: number[] = []
  const names = Array.from({ length: VOLUMES }, (_, index) => `bench-${callers}-${index}`)
  const tookMs = await timedMs(() =>
    inParallel(names, callers, async (name) => {
      const volume = await createVolume(driver, { name, sizeBytes: SIZE_BYTES })
      volumes.push(volume)
      attachMs.push(await timedMs(() => attachVolume(driver, volume)))
    }),
  )
  await inParallel(volumes, callers, async (volume) => {
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  })
  const label = callers === 1 ? '1 caller' : `${callers} callers`
  return [
    {
      name: `volumes a minute, CreateVolume to mounted, ${label}`,
      value: VOLUMES / (tookMs / 60_000),
      unit: '/min',
      samples: VOLUMES,
      atLeast: 300,
    },
    ...spread(`attach, ${label}`, attachMs),
  ]
}
