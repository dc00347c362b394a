import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { detachLoop } from '../../src/host/loop-devices.ts'
import { readMounts, unmount } from '../../src/host/mounts.ts'

/** What a deployment that lives under one folder has left on this machine. */
export interface Leftovers {
  readonly processes: readonly { readonly pid: number; readonly command: string }[]
  readonly mounts: readonly string[]
  readonly loops: readonly { readonly device: string; readonly file: string }[]
}

/** Finds everything that names the folder: processes, mounts (innermost last) and loop devices. */
export async function leftoversOf(folder: string): Promise<Leftovers> {
  const mounts = (await readMounts()).map((mount) => mount.target)
  return {
    processes: processesUnder(folder),
    mounts: mounts.filter((target) => target.startsWith(`${folder}/`)),
    loops: loopsOf(folder),
  }
}

/** One line for each thing that is left; none when all is clean. */
export function describeLeftovers(left: Leftovers): string[] {
  return [
    ...left.processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...left.mounts.map((target) => `mount ${target}`),
    ...left.loops.map(({ device, file }) => `loop device ${device} on ${file}`),
  ]
}

/**
 * Takes down whatever a deployment left, as after a crash: first its processes, so that no I/O can hang any more,
 * then mounts and loop devices from the top of the stack downwards, then the files. Bounded.
 */
export async function sweep(folder: string): Promise<void> {
  for (const { pid } of processesUnder(folder)) kill(pid)
  for (let round = 0; round < 10; round += 1) {
    const left = await leftoversOf(folder)
    if (describeLeftovers(left).length === 0) break
    for (const target of left.mounts.toReversed()) await unmount(target).catch(() => {})
    for (const { device } of left.loops) await detachLoop(device).catch(() => {})
    for (const { pid } of left.processes) kill(pid)
    await sleep(100)
  }
  const left = describeLeftovers(await leftoversOf(folder))
  if (left.length > 0) throw new Error(`could not clean up:\n${left.join('\n')}`)
  rmSync(folder, { recursive: true, force: true })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A process belongs to the folder when its arguments or its environment name it. */
export function processesUnder(folder: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && Number(name) !== process.ppid)
    .map((name) => ({ pid: Number(name), command: text(`/proc/${name}/cmdline`).trim(), name }))
    .filter(({ name, command }) => command.includes(folder) || text(`/proc/${name}/environ`).includes(folder))
    .map(({ pid, command }) => ({ pid, command }))
}

function loopsOf(folder: string): { device: string; file: string }[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .map((name) => ({ device: `/dev/${name}`, file: text(`/sys/block/${name}/loop/backing_file`).trim() }))
    .filter(({ file }) => file.startsWith(`${folder}/`))
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
