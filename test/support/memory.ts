import { readFileSync } from 'node:fs'
import type { Deployment } from './deployment.ts'
import { processesUnder } from './leftovers.ts'

/** Resident memory in MiB of each process of a deployment, by what it runs: several run as a worker. */
export function memoryOf({ folder }: Deployment): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const { pid, command } of processesUnder(folder)) {
    const name = /^(tgtd) |main\/cli\.ts (\w+)|main\/(\w+)\.ts/.exec(command)?.slice(1).find(Boolean)
    const kib = /VmRSS:\s+(\d+) kB/.exec(statusOf(pid))?.[1]
    if (name !== undefined && kib !== undefined)
      found.set(name, [...(found.get(name) ?? []), Number(kib) / 1024])
  }
  return found
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return '' // it has ended
  }
}
