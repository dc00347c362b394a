import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Export, StorageError } from '../../../volumegroups/index.ts'
import { wrongIdentity } from '../refusals.ts'
import { backstore, backstores } from './layout.ts'
import type { ConfigTree } from './tree.ts'

/** A file that the kernel can serve; one for each disk, whoever has it. */
export interface Backstore {
  readonly name: string
  readonly backingPath: string
  readonly serial: string
}

/** The kernel makes the identifier of its own prefix and of the serial number's first 25 hex digits. */
const NAA_PREFIX = '6001405'
export const naaFor = (serial: string): string => `${NAA_PREFIX}${serial.slice(0, 25)}`

export const backstoreName = (owner: string, serial: string): string => `${owner}-${serial}`

const BLOCKS_OF_ONE_GIB = 2 ** 21

/**
 * Set once it is enabled. UNMAP frees space in the file and reads as zeroes, at most 1 GiB at a time. EXTENDED COPY is
 * off: an initiator moves data between its own disks alone.
 */
const ATTRIBUTES = {
  emulate_tpu: '1',
  emulate_tpws: '1',
  unmap_zeroes_data: '1',
  max_unmap_lba_count: String(BLOCKS_OF_ONE_GIB),
  emulate_3pc: '0',
  is_nonrot: '1',
} as const

/** Makes the disk's backstore, or finds it; one that is there for something else is refused. */
export async function ensureBackstore(tree: ConfigTree, owner: string, one: Export): Promise<string> {
  const name = backstoreName(owner, one.serial)
  const sizeBytes = await sizeOf(one.backingPath)
  const found = await readBackstore(tree, name)
  if (found && found.backingPath !== one.backingPath) throw wrongIdentity(one)
  if (found) await setSize(tree, name, sizeBytes)
  else await makeBackstore(tree, name, one)
  return name
}

/** Undefined when there is none, or only half of one. */
export async function readBackstore(tree: ConfigTree, name: string): Promise<Backstore | undefined> {
  const path = backstore(name)
  if ((await tree.read(`${path}/enable`)) !== '1') return undefined
  const backingPath = await tree.read(`${path}/udev_path`)
  const serial = (await tree.read(`${path}/wwn/vpd_unit_serial`))?.split(': ')[1]
  if (!backingPath || !serial) return undefined
  return { name, backingPath, serial }
}

/** Takes away what no target uses. */
export async function dropBackstore(tree: ConfigTree, name: string): Promise<void> {
  try {
    await tree.removeFolder(backstore(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error // a target uses it
  }
}

/** The names of all that this element made. */
export async function listBackstores(tree: ConfigTree, owner: string): Promise<readonly string[]> {
  return (await tree.list(backstores())).filter((name) => name.startsWith(`${owner}-`))
}

/** Tells the kernel how large the file is now. Sessions that are open see it when they ask. */
export async function refreshSize(tree: ConfigTree, { name, backingPath }: Backstore): Promise<void> {
  await setSize(tree, name, await sizeOf(backingPath))
}

async function setSize(tree: ConfigTree, name: string, sizeBytes: number): Promise<void> {
  await tree.write(`${backstore(name)}/control`, `fd_dev_size=${sizeBytes}`)
}

async function makeBackstore(tree: ConfigTree, name: string, one: Export): Promise<void> {
  const path = backstore(name)
  await tree.removeFolder(path) // what a former element left half
  await tree.makeFolder(backstores())
  await tree.makeFolder(path)
  try {
    const sizeBytes = await sizeOf(one.backingPath)
    // The host's page cache is the disk's write cache, and the LUN says so (WCE=1); SYNCHRONIZE CACHE and FUA are an
    // fsync. Left out, every write would be one.
    await tree.write(
      `${path}/control`,
      `fd_dev_name=${plain(one.backingPath)},fd_dev_size=${sizeBytes},fd_buffered_io=1`,
    )
    await tree.write(`${path}/udev_path`, one.backingPath)
    await tree.write(`${path}/wwn/vpd_unit_serial`, one.serial)
    await tree.write(`${path}/wwn/vendor_id`, 'MOORING')
    await tree.write(`${path}/wwn/product_id`, 'DISK')
    await tree.write(`${path}/wwn/revision`, '0001')
    await tree.write(`${path}/enable`, '1')
    for (const [key, value] of Object.entries(ATTRIBUTES)) await tree.write(`${path}/attrib/${key}`, value)
  } catch (error) {
    await tree.removeFolder(path)
    throw error
  }
}

/** The kernel would make a file that is not there. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path)
  if (found.isFile()) return found.size
  throw new StorageError('TARGET_UNAVAILABLE', `${basename(path)} is not a file that can be served`)
}

/** The kernel cuts at commas and has no way to quote one. */
function plain(path: string): string {
  if (!/[,\0\n]/.test(path) && Buffer.byteLength(path) < 256) return path
  throw new StorageError(
    'INVALID_ARGUMENT',
    'the iSCSI target can not take a path with a comma in it, or of more than 255 bytes',
  )
}
