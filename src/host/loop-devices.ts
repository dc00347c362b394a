import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '../volumegroups/index.ts'
import { type CommandResult, run } from './exec.ts'

/** Loop devices: a file as a block device. What is attached is always read from sysfs, never remembered. */

export interface LoopOptions {
  /** Past the page cache, so that a write is in the file when it is answered. */
  readonly directIo: boolean
  /** Logical block size. Default: 512. */
  readonly sectorSize?: number | undefined
  readonly readOnly?: boolean | undefined
}

/** A free device can be taken by somebody else between finding and using it. */
const ATTACH_TRIES = 8
const DETACH_TIMEOUT_MS = 10_000
const POLL_MS = 20
const SYSFS = '/sys/block'

/** Attaches the file to a free loop device; gives back the device, such as `/dev/loop3`. */
export async function attachLoop(file: string, options: LoopOptions): Promise<string> {
  const args = ['--find', '--show', `--direct-io=${options.directIo ? 'on' : 'off'}`]
  if (options.sectorSize !== undefined) args.push('--sector-size', String(options.sectorSize))
  if (options.readOnly) args.push('--read-only')
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { stdout } = await losetup(...args, file)
      return stdout.trim()
    } catch (error) {
      if (attempt === ATTACH_TRIES || !isBusy(error)) throw error
      await sleep(POLL_MS * attempt)
    }
  }
}

/** Detaches the device and waits until it is truly free. OK when it is free already. */
export async function detachLoop(device: string): Promise<void> {
  const deadline = Date.now() + DETACH_TIMEOUT_MS
  const file = await backingFile(basename(device))
  if (file === undefined) return
  await losetup('--detach', device).catch(async (error) => {
    if ((await backingFile(basename(device))) === file) throw error
  })
  // While somebody still has the device open, the kernel detaches it only when they close it.
  while ((await backingFile(basename(device))) === file) {
    if (Date.now() > deadline) {
      throw new StorageError(
        'STEP_TIMED_OUT',
        `${device} is still in use by a mount or a program on this host`,
      )
    }
    await sleep(POLL_MS)
  }
}

export interface Loop {
  readonly device: string
  readonly file: string
}

/** All loop devices that have a file attached. */
export async function listLoops(): Promise<readonly Loop[]> {
  const names = (await readdir(SYSFS)).filter((name) => /^loop\d+$/.test(name))
  const files = await Promise.all(names.map(backingFile))
  return names.flatMap((name, index) => {
    const file = files[index]
    return file === undefined ? [] : [{ device: `/dev/${name}`, file: file.replace(/ \(deleted\)$/, '') }]
  })
}

/** The loop devices that are attached to the file, also when it can no longer be opened. */
export async function loopsOf(file: string): Promise<readonly string[]> {
  const path = join(await realpath(dirname(file)).catch(() => dirname(file)), basename(file))
  return (await listLoops()).filter((loop) => loop.file === path).map(({ device }) => device)
}

/** Takes over the size that the backing file has now. */
export async function refreshLoopSize(device: string): Promise<void> {
  await losetup('--set-capacity', device)
}

export async function loopSizeBytes(device: string): Promise<bigint> {
  const sectors = await readFile(join(SYSFS, basename(device), 'size'), 'utf8')
  return BigInt(sectors.trim()) * 512n // sysfs counts in 512 bytes, whatever the block size is
}

export async function isLoopReadOnly(device: string): Promise<boolean> {
  return (await readFile(join(SYSFS, basename(device), 'ro'), 'utf8')).trim() === '1'
}

function losetup(...args: readonly string[]): Promise<CommandResult> {
  return run({ file: 'losetup', args })
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof StorageError ? error.cause : undefined
  return cause instanceof Error && /resource busy|cannot find an unused|No such file/i.test(cause.message)
}

async function backingFile(name: string): Promise<string | undefined> {
  try {
    return (await readFile(join(SYSFS, name, 'loop', 'backing_file'), 'utf8')).trimEnd()
  } catch {
    return undefined // the attribute exists only while a file is attached
  }
}
