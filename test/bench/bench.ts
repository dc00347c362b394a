import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Deployment } from '../support/deployment.ts'
import { processesUnder } from '../support/leftovers.ts'
import {
  attachVolume,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { measureDataPath } from './data-path.ts'

/**
 * Measures Mooring on this machine, everything on it: element, controller, node, target and load share its cores.
 *   npm run bench            a table
 *   npm run bench -- --json  the same as JSON
 * Figures of other programs are taken in the same run, on the same target.
 */

const VOLUMES_PER_ROUND = 24
const CALLERS = [1, 4, 16]
const MIB = 1024 ** 2

type Figures = Record<string, number>

async function main(): Promise<void> {
  const begun = performance.now()
  await using deployment = await Deployment.start({
    name: 'mooring-bench',
    maxVolumes: 128,
    poolBytes: 32 * 1024 ** 3,
  })
  const driver = {
    controller: deployment.csi('controller'),
    node: deployment.csi('node'),
    folder: join(deployment.folder, 'kubelet'),
  }
  const figures: Figures = { 'all three processes, start to ready (s)': (performance.now() - begun) / 1000 }
  Object.assign(figures, await measureRestart(deployment))
  for (const callers of CALLERS) Object.assign(figures, await measureVolumes(driver, callers))
  Object.assign(figures, await measureDataPath(driver, deployment.elementSocket))
  Object.assign(figures, memoryOf(deployment))
  print(figures)
}

async function measureRestart(deployment: Deployment): Promise<Figures> {
  await deployment.kill('element', 'SIGTERM')
  const begun = performance.now()
  await deployment.run('element')
  return { 'element, start to ready (s)': (performance.now() - begun) / 1000 }
}

/** From CreateVolume to a mounted file system, by several callers at once, each with one volume at a time. */
async function measureVolumes(driver: Driver, callers: number): Promise<Figures> {
  const volumes: TestVolume[] = []
  const attachMs: number[] = []
  const pending = Array.from({ length: VOLUMES_PER_ROUND }, (_, index) => `bench-${callers}-${index}`)
  const caller = async (): Promise<void> => {
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const volume = await createVolume(driver, { name, sizeBytes: 64 * MIB })
      volumes.push(volume)
      const begun = performance.now()
      await attachVolume(driver, volume)
      attachMs.push(performance.now() - begun)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: callers }, caller))
  const minutes = (performance.now() - begun) / 60_000
  for (const volume of volumes) {
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  }
  const label = callers === 1 ? '1 caller' : `${callers} callers`
  return {
    [`volumes a minute, CreateVolume to mounted, ${label}`]: VOLUMES_PER_ROUND / minutes,
    [`attach p50, ${label} (s)`]: quantile(attachMs, 0.5) / 1000,
    [`attach p99, ${label} (s)`]: quantile(attachMs, 0.99) / 1000,
  }
}

function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number
}

/** Resident memory of each process of the deployment, by what it runs. */
function memoryOf(deployment: Deployment): Figures {
  const figures: Figures = {}
  for (const { pid, command } of processesUnder(deployment.folder)) {
    const name = /(tgtd)|(?:cli|main\/\w+)\.ts (\w+)|main\/(\w+)\.ts/.exec(command)?.slice(1).find(Boolean)
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    if (name === undefined || rss === undefined) continue
    const key = `memory of ${name} (MiB)`
    figures[key] = Math.max(figures[key] ?? 0, Number(rss) / 1024)
  }
  return figures
}

function print(figures: Figures): void {
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`)
    return
  }
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`${name.padEnd(64)} ${value.toFixed(value < 10 ? 2 : 0).padStart(10)}\n`)
  }
}

await main()
