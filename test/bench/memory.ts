import { readFileSync } from 'node:fs'
import { processesUnder } from '../support/leftovers.ts'
import type { Figure } from './figures.ts'
import type { Site } from './site.ts'

const LIMITS_MIB: Readonly<Record<string, number>> = { node: 80, element: 120 }

/**
 * Memory of each process of a site, the largest where there are several. Resident memory counts the pages of the
 * program file, which all the processes share; the proportional share spreads those over them.
 */
export function memoryOf({ deployment }: Site, when: string): Figure[] {
  const largest = new Map<string, { rss: number; share: number }>()
  for (const { pid, command } of processesUnder(deployment.folder)) {
    const name = /(tgtd)|(?:cli|main\/\w+)\.ts (\w+)|main\/(\w+)\.ts/.exec(command)?.slice(1).find(Boolean)
    const rss = mibOf(`/proc/${pid}/status`, 'VmRSS')
    if (name === undefined || rss === undefined || rss < (largest.get(name)?.rss ?? 0)) continue
    largest.set(name, { rss, share: mibOf(`/proc/${pid}/smaps_rollup`, 'Pss') ?? rss })
  }
  return [...largest].flatMap(([name, { rss, share }]) => {
    const common = { unit: 'MiB', samples: 1 }
    const atMost = LIMITS_MIB[name]
    const target = atMost === undefined ? {} : { atMost }
    return [
      { ...common, name: `resident memory of ${name}, ${when}`, value: rss, ...target },
      { ...common, name: `proportional share of ${name}, ${when}`, value: share },
    ]
  })
}

function mibOf(file: string, key: string): number | undefined {
  const kib = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1]
  return kib === undefined ? undefined : Number(kib) / 1024
}
