import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { StorageError } from '../volumegroups/index.ts'
import { assertIdle, deviceSizeBytes } from './block-devices.ts'
import { type Command, CommandError, type RunOptions, run } from './exec.ts'
import { firstLineOf } from './filesystems/output.ts'

/** An encrypted device, and the name under which its plain side is. */
export interface LuksDevice {
  readonly device: string
  readonly name: string
}

/** A passphrase. It goes to cryptsetup over standard input alone: never into arguments, files or messages. */
export type LuksKey = string

/** Whether what is inside was made already. A label of the header, so that it outlives the node that began. */
export type LuksLabel = 'mooring-new' | 'mooring'

export interface PlainDevice {
  readonly path: string
  readonly sizeBytes: bigint
}

/** One core and little memory for each attempt: a node that starts opens many at once. */
const KEY_DERIVATION = ['--pbkdf', 'argon2id', '--pbkdf-memory', '65536', '--pbkdf-parallel', '1']
const COMMAND_TIMEOUT_MS = 120_000
/** cryptsetup(8): no key slot opens with this passphrase. */
const EXIT_WRONG_KEY = 2
const EXIT_BUSY = 5

/** The commands, as data. */
export const luksCommands = {
  format: ({ device, uuid }: { device: string; uuid: string }, key: LuksKey): Command => ({
    file: 'cryptsetup',
    args: [
      ...['luksFormat', '--batch-mode', '--type', 'luks2', ...KEY_DERIVATION, '--iter-time', '1000'],
      ...['--uuid', uuid, '--label', 'mooring-new' satisfies LuksLabel, '--key-file=-', '--', device],
    ],
    input: key,
  }),
  open: ({ device, name }: LuksDevice, options: { readOnly: boolean }, key: LuksKey): Command => ({
    file: 'cryptsetup',
    args: [
      ...['open', '--type', 'luks2', ...(options.readOnly ? ['--readonly'] : []), '--key-file=-'],
      ...['--', device, name],
    ],
    input: key,
  }),
  resize: (name: string, key: LuksKey): Command => ({
    file: 'cryptsetup',
    args: ['resize', '--key-file=-', '--', name],
    input: key,
  }),
  setLabel: (device: string, label: LuksLabel): Command => ({
    file: 'cryptsetup',
    args: ['config', '--label', label, '--', device],
  }),
  setUuid: (device: string, uuid: string): Command => ({
    file: 'cryptsetup',
    args: ['luksUUID', '--batch-mode', '--uuid', uuid, '--', device],
  }),
  close: (name: string): Command => ({ file: 'cryptsetup', args: ['close', '--', name] }),
} as const

/** Makes a LUKS2 header. The caller has made sure that the device is blank, or holds an unfinished one. */
export async function formatLuks(device: string, uuid: string, key: LuksKey): Promise<void> {
  await assertIdle(device)
  await cryptsetup(luksCommands.format({ device, uuid }, key))
}

/** Opens the device, which must be closed. ENCRYPTION_KEY_WRONG when the key is not of this device. */
export async function openLuks(
  target: LuksDevice,
  options: { readonly readOnly: boolean },
  key: LuksKey,
): Promise<void> {
  await cryptsetup(luksCommands.open(target, options, key))
}

/** Takes over the size that the device has now, while it is in use. */
export async function resizeLuks(name: string, key: LuksKey): Promise<void> {
  await cryptsetup(luksCommands.resize(name, key))
}

export async function setLuksLabel(device: string, label: LuksLabel): Promise<void> {
  await cryptsetup(luksCommands.setLabel(device, label))
}

/** Of a device that is closed. */
export async function setLuksUuid(device: string, uuid: string): Promise<void> {
  await cryptsetup(luksCommands.setUuid(device, uuid))
}

/** OK when there is none of this name. DEVICE_IN_USE while something uses it. */
export async function closeLuks(name: string): Promise<void> {
  if ((await mappingOf(name)) === undefined) return
  await cryptsetup(luksCommands.close(name))
}

/** The plain side, found in sysfs without touching it; undefined when it is closed, or opened from another device. */
export async function findLuks({ device, name }: LuksDevice): Promise<PlainDevice | undefined> {
  const mapping = await mappingOf(name)
  if (mapping === undefined) return undefined
  const below = await readdir(`/sys/block/${mapping}/slaves`).catch(() => [])
  if (below.length !== 1 || below[0] !== basename(device)) return undefined
  const path = `/dev/${mapping}`
  return { path, sizeBytes: await deviceSizeBytes(path) }
}

/** Its `dm-N`. */
async function mappingOf(name: string): Promise<string | undefined> {
  const names = (await readdir('/sys/block').catch(() => [])).filter((entry) => entry.startsWith('dm-'))
  const found = await Promise.all(
    names.map((entry) => readFile(`/sys/block/${entry}/dm/name`, 'utf8').catch(() => '')),
  )
  return names[found.findIndex((text) => text.trim() === name)]
}

async function cryptsetup(command: Command, options: RunOptions = {}): Promise<void> {
  try {
    await run(command, { timeoutMs: COMMAND_TIMEOUT_MS, ...options })
  } catch (error) {
    throw refusalOf(command, error)
  }
}

function refusalOf({ args }: Command, error: unknown): unknown {
  const cause = error instanceof StorageError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
  if (cause?.code === 'ENOENT') {
    const fix = 'Install cryptsetup on the node, or in the image of the node plugin.'
    return new StorageError('ENCRYPTION_UNAVAILABLE', 'this node has no cryptsetup', { cause: error, fix })
  }
  if (!(cause instanceof CommandError)) return error
  const { exitCode } = cause.result ?? {}
  const said = firstLineOf(error)
  if (exitCode === EXIT_WRONG_KEY && args.includes('--key-file=-')) {
    const message = 'the key in the secrets of the request opens none of the key slots of the volume'
    return new StorageError('ENCRYPTION_KEY_WRONG', message, { cause: error })
  }
  if (exitCode === EXIT_BUSY) {
    return new StorageError('DEVICE_IN_USE', `cryptsetup ${args[0]} found the device in use`, {
      cause: error,
    })
  }
  if (/device-mapper|dm-crypt|dm_crypt|kernel module/i.test(said ?? '')) {
    const fix = 'Load the kernel modules dm_mod and dm_crypt on the node.'
    return new StorageError('ENCRYPTION_UNAVAILABLE', `the kernel of this node can not encrypt: ${said}`, {
      cause: error,
      fix,
    })
  }
  return new StorageError('COMMAND_FAILED', `cryptsetup ${args[0]} failed on this node: ${said}`, {
    cause: error,
  })
}
