import { type Figure, median, timedMs } from './figures.ts'
import type { Site } from './site.ts'

const ROUNDS = 7
const ROLES = ['element', 'controller', 'node'] as const

/** From starting a process to its answering that it is ready, in turns. */
export async function measureStarts({ deployment }: Site): Promise<Figure[]> {
  const startsMs = { element: [] as number[], controller: [] as number[], node: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const role of ROLES) {
      await deployment.kill(role, 'SIGTERM')
      startsMs[role].push(await timedMs(() => deployment.run(role)))
    }
  }
  return ROLES.map((role) => ({
    name: `${role}, start to ready, p50`,
    value: median(startsMs[role]) / 1000,
    unit: 's',
    samples: ROUNDS,
    atMost: 0.7,
  }))
}
