import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StorageError } from '../volumegroups/index.ts'
import { CommandError, run } from './exec.ts'

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number
  readonly parentId: number
  /** `major:minor` of the files in it. */
  readonly device: string
  /** The path inside the file system that is shown at the target. */
  readonly root: string
  readonly target: string
  /** The options of this mount alone, such as `ro` of a read-only bind. */
  readonly options: readonly string[]
  /** Optional fields, such as `shared:1`. */
  readonly tags: readonly string[]
  readonly fsType: string
  readonly source: string
  /** The options of the file system, the same for all its mounts. */
  readonly superOptions: readonly string[]
}

export interface MountSpec {
  readonly source: string
  readonly target: string
  readonly fsType: string
  readonly options?: readonly string[] | undefined
}

/** Replaying a journal can take a while. */
const MOUNT_TIMEOUT_MS = 120_000
/** Unmounting writes back what is dirty. */
const UNMOUNT_TIMEOUT_MS = 120_000
const REMOUNT_TIMEOUT_MS = 10_000
/** Mounts that others stacked on one target are taken away one by one, up to this many. */
const MAX_STACKED = 16

/** All mounts that this process sees, in the order in which they were made. */
export async function readMounts(): Promise<readonly Mount[]> {
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8'))
}

export function parseMounts(text: string): readonly Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
}

function parseLine(line: string): Mount {
  const fields = line.split(' ')
  const separator = fields.indexOf('-', 6)
  const [id, parentId, device, root, target, options] = fields
  const [fsType, source, superOptions] = fields.slice(separator + 1)
  if (separator < 0 || target === undefined || superOptions === undefined) {
    throw new StorageError('COMMAND_FAILED', 'the mount table of this host has a line that can not be read', {
      cause: new Error(line),
    })
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    device: device!,
    root: unescapeField(root!),
    target: unescapeField(target),
    options: options!.split(','),
    tags: fields.slice(6, separator),
    fsType: fsType!,
    source: unescapeField(source!),
    superOptions: superOptions.split(','),
  }
}

/** The kernel writes space, tab, newline, `#` and backslash as three octal digits. */
function unescapeField(field: string): string {
  if (!field.includes('\\')) return field
  const bytes = Buffer.from(field, 'utf8').toString('latin1')
  const plain = bytes.replaceAll(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
  return Buffer.from(plain, 'latin1').toString('utf8')
}

/** The mount at exactly this path, the topmost if there are several; undefined when nothing is mounted there. */
export async function findMount(target: string): Promise<Mount | undefined> {
  const path = await resolveTarget(target)
  if (path === undefined) return undefined
  return (await readMounts()).findLast((mount) => mount.target === path)
}

/** Links are followed in the parents only: the target itself may be a dead mount, which must not be touched. */
async function resolveTarget(target: string): Promise<string | undefined> {
  try {
    return join(await realpath(dirname(target)), basename(target))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new StorageError('COMMAND_FAILED', 'a mount point can not be looked up on this host', {
      cause: error,
    })
  }
}

/**
 * Mounts a file system on an existing directory at which nothing is mounted yet: for writing unless the options say
 * `ro`, and otherwise not at all.
 */
export async function mount(spec: MountSpec): Promise<void> {
  await refuseStacking(spec.target)
  const options = spec.options ?? []
  // Without --rw, mount(8) takes a write-protected device read-only by itself, even when the options say `rw`.
  const access = options.includes('ro') ? '--read-only' : '--rw'
  const flags = options.length === 0 ? [] : ['-o', options.join(',')]
  await runMount([access, '-t', spec.fsType, ...flags, '--', spec.source, spec.target], MOUNT_TIMEOUT_MS)
}

/** Shows a directory or file (not what is mounted below it) at another path, at which nothing is mounted yet. */
export async function bindMount(
  source: string,
  target: string,
  options: { readonly readOnly?: boolean | undefined } = {},
): Promise<void> {
  await refuseStacking(target)
  await runMount(['--bind', '--', source, target], MOUNT_TIMEOUT_MS)
  if (!options.readOnly) return
  try {
    await runMount(['-o', 'remount,bind,ro', '--', target], REMOUNT_TIMEOUT_MS)
  } catch (error) {
    await unmount(target) // never leave something writable that was asked for read-only
    throw error
  }
}

async function refuseStacking(target: string): Promise<void> {
  if ((await findMount(target)) === undefined) return
  throw new StorageError('MOUNT_POINT_TAKEN', 'something is mounted at the path already')
}

/** Without helper programs (`mount.<type>`) and without changing /etc/mtab: only the system call is wanted. */
async function runMount(args: readonly string[], timeoutMs: number): Promise<void> {
  await run({ file: 'mount', args: ['--internal-only', '--no-mtab', ...args] }, { timeoutMs })
}

/**
 * Takes away everything that is mounted at exactly this path, also when it is dead. OK when nothing is.
 * MOUNT_BUSY while something uses it; only `lazy` takes it away then, with files still open.
 */
export async function unmount(
  target: string,
  options: { readonly lazy?: boolean | undefined } = {},
): Promise<void> {
  for (let round = 0; round < MAX_STACKED; round += 1) {
    const found = await findMount(target)
    if (found === undefined) return
    await unmountOnce(found, options.lazy ?? false)
  }
  throw new StorageError('MOUNT_BUSY', `more than ${MAX_STACKED} mounts are stacked at one path`)
}

async function unmountOnce(found: Mount, lazy: boolean): Promise<void> {
  const flags = ['--internal-only', '--no-mtab', '--no-canonicalize', ...(lazy ? ['--lazy'] : [])]
  try {
    await run({ file: 'umount', args: [...flags, '--', found.target] }, { timeoutMs: UNMOUNT_TIMEOUT_MS })
  } catch (error) {
    const still = (await readMounts()).some(({ id }) => id === found.id)
    if (!still) return
    const busy = outputOf(error).includes('target is busy')
    if (!busy) throw error
    throw new StorageError('MOUNT_BUSY', 'a mount on this host is in use and can not be taken away', {
      cause: error,
    })
  }
}

const outputOf = (error: unknown): string =>
  error instanceof StorageError && error.cause instanceof CommandError
    ? (error.cause.result?.stderr ?? '')
    : ''
