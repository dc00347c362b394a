import { existsSync, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../src/host/exec.ts'
import { sweep } from '../../support/leftovers.ts'
import { buildGuestImage, GUEST_CACHE } from './image.ts'

const CONSOLES_KEPT = 40

/** Before any guest test: takes down what a run that was killed has left, and builds the image if need be. */
export async function setup(): Promise<void> {
  await sweepDeadRuns()
  await dropOldConsoles()
  await buildGuestImage()
}

/** Folders and network namespaces carry the id of the process that made them. */
async function sweepDeadRuns(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((name) => isOfDeadRun(name))) {
    await sweep(join(tmpdir(), name))
  }
  const { stdout } = await run({ file: 'ip', args: ['netns', 'list'] })
  for (const name of stdout.split(/\s+/).filter(isOfDeadRun)) {
    await run({ file: 'ip', args: ['netns', 'delete', name] })
  }
}

function isOfDeadRun(name: string): boolean {
  const pid = /^mooring-guest-(\d+)-/.exec(name)?.[1]
  return pid !== undefined && !existsSync(`/proc/${pid}`)
}

async function dropOldConsoles(): Promise<void> {
  const folder = join(GUEST_CACHE, 'consoles')
  if (!existsSync(folder)) return
  const newest = readdirSync(folder)
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const file of newest.slice(CONSOLES_KEPT)) await rm(file)
}
