import { availableParallelism, loadavg } from 'node:os'
import { sweepInterrupted } from '../support/deployment.ts'
import { measureDataPath } from './data-path.ts'
import { measureEdge } from './edge.ts'
import { type Figure, spread, tableOf } from './figures.ts'
import { memoryOf } from './memory.ts'
import { measureScale, withAttached } from './scale.ts'
import { openSite, type Site } from './site.ts'
import { measureSnapshots } from './snapshots.ts'
import { measureStarts } from './starts.ts'
import { measureVolumes } from './volumes.ts'

/**
 * Measures Mooring on this machine, everything on it: element, controller, node, target and load share its cores.
 *   npm run bench            a table
 *   npm run bench -- --json  the same as JSON
 * What is compared takes turns, so that a noisy machine is as noisy for both.
 */
async function main(): Promise<void> {
  await sweepInterrupted('mooring-bench')
  await using stack = new AsyncDisposableStack()
  const load = loadOfMachine()
  const few = await openSite(stack)
  const figures = [
    load,
    ...(await told('starts', measureStarts(few))),
    ...(await told('edge', measureEdge())),
    ...(await told('volumes', measureVolumes(few))),
    ...(await told('data path', measureDataPath(few))),
    ...(await told('snapshots', measureSnapshots(few))),
    ...(await told('scale', measureAtScale(few, stack))),
    ...[...few.rpcMs].flatMap(([rpc, samplesMs]) => spread(rpc, samplesMs)),
  ]
  const json = process.argv.includes('--json')
  process.stdout.write(json ? `${JSON.stringify(figures, undefined, 2)}\n` : tableOf(figures))
}

/** What else the machine is doing: on a busy one no figure means much. */
function loadOfMachine(): Figure {
  const name = `load average of the machine's ${availableParallelism()} cores before the run`
  return { name, value: loadavg()[0] as number, unit: '', samples: 1 }
}

/** The site that there is stays as it is, with one disk at a time; two more hold many. */
async function measureAtScale(few: Site, stack: AsyncDisposableStack): Promise<Figure[]> {
  const some = await openSite(stack)
  const many = await openSite(stack)
  const figures = await measureScale([
    { site: few, disks: 1 },
    { site: some, disks: 100 },
    { site: many, disks: 1000 },
  ])
  return [...figures, ...(await withAttached(many, () => memoryOf(many, '1000 disks')))]
}

/** A run takes minutes: standard error says how far it is. */
async function told(part: string, measured: Promise<Figure[]>): Promise<Figure[]> {
  const begun = performance.now()
  const figures = await measured
  process.stderr.write(`${part}: ${((performance.now() - begun) / 1000).toFixed(0)} s\n`)
  return figures
}

await main()
