import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StorageError } from '../volumegroups/index.ts'
import { run } from './exec.ts'
import { attachLoop, detachLoop, loopsOf } from './loop-devices.ts'
import { findMount, mount, unmount } from './mounts.ts'
import { makeFilesystem } from './stores/btrfs/commands.ts'

/** A mounted btrfs in which a store can live. Disposing of it lets go of what was mounted for it. */
export interface Pool extends AsyncDisposable {
  readonly path: string
}

/** Either the operator's own btrfs mount, or an image file that is made, mounted and unmounted here. */
export type PoolSpec =
  | { readonly path: string }
  | {
      readonly imageFile: string
      /** Of an image that is made now; an existing one keeps its size. */
      readonly sizeBytes: bigint
      readonly mountPoint: string
      /** Stays mounted when disposed of: a target goes on serving from it. */
      readonly leaveMounted?: boolean | undefined
    }

type ImageSpec = Extract<PoolSpec, { imageFile: string }>

/** Opens the pool; an image that an earlier process left attached or mounted is taken over as it is. */
export async function openPool(spec: PoolSpec): Promise<Pool> {
  if ('path' in spec) {
    await checkOperatorsMount(spec.path)
    return { path: spec.path, [Symbol.asyncDispose]: async () => {} }
  }
  await openImage(spec)
  return {
    path: spec.mountPoint,
    [Symbol.asyncDispose]: async () => {
      if (!spec.leaveMounted) await closeImage(spec)
    },
  }
}

async function checkOperatorsMount(path: string): Promise<void> {
  const mounted = await findMount(path)
  if (mounted === undefined) throw unusable(`nothing is mounted at ${path}`)
  if (mounted.fsType !== 'btrfs') throw unusable(`${path} is ${mounted.fsType}, not btrfs`)
  const options = [...mounted.options, ...mounted.superOptions]
  if (options.includes('ro')) throw unusable(`${path} is mounted read-only`)
}

async function openImage(spec: ImageSpec): Promise<void> {
  await mkdir(spec.mountPoint, { recursive: true })
  const attached = await loopsOf(spec.imageFile)
  if (attached.length > 1) throw unusable(`${spec.imageFile} is attached to ${attached.join(' and ')}`)
  const mounted = await findMount(spec.mountPoint)
  if (mounted) {
    await checkOperatorsMount(spec.mountPoint)
    if (mounted.source !== attached[0]) throw unusable(`another file system is mounted at ${spec.mountPoint}`)
    return
  }
  await ensureImage(spec)
  const device = attached[0] ?? (await attachLoop(spec.imageFile, { directIo: true }))
  try {
    await mount({ source: device, target: spec.mountPoint, fsType: 'btrfs', options: MOUNT_OPTIONS })
  } catch (error) {
    await detachLoop(device)
    throw error
  }
}

const MOUNT_OPTIONS = ['noatime', 'nodev', 'nosuid', 'noexec']

async function closeImage({ imageFile, mountPoint }: ImageSpec): Promise<void> {
  const attached = await loopsOf(imageFile)
  const mounted = await findMount(mountPoint)
  if (mounted && attached.includes(mounted.source)) await unmount(mountPoint)
  for (const device of attached) await detachLoop(device)
}

/**
 * An image gets its name only when it is formatted, so whatever has that name is never formatted: it holds the btrfs
 * made here, or it is refused.
 */
async function ensureImage({ imageFile, sizeBytes }: ImageSpec): Promise<void> {
  if (await holdsBtrfs(imageFile)) return
  const staged = `${imageFile}.staged`
  await mkdir(dirname(imageFile), { recursive: true })
  await rm(staged, { force: true })
  {
    await using handle = await open(staged, 'wx', 0o600)
    await handle.truncate(Number(sizeBytes))
    await run(makeFilesystem(staged))
    await handle.sync()
  }
  await rename(staged, imageFile)
  await using directory = await open(dirname(imageFile), 'r')
  await directory.sync()
}

const SUPERBLOCK_MAGIC = { offset: 0x1_00_40, text: '_BHRfS_M' }

/** False when there is no such file; throws when it holds anything else. */
async function holdsBtrfs(imageFile: string): Promise<boolean> {
  const handle = await open(imageFile, 'r').catch((error) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable(`${imageFile} can not be read`, error)
  })
  if (handle === undefined) return false
  await using file = handle
  const found = Buffer.alloc(SUPERBLOCK_MAGIC.text.length)
  await file.read(found, 0, found.length, SUPERBLOCK_MAGIC.offset)
  if (found.toString('latin1') === SUPERBLOCK_MAGIC.text) return true
  throw unusable(`${imageFile} exists and holds no btrfs`)
}

const unusable = (why: string, cause?: unknown): StorageError =>
  new StorageError('POOL_UNUSABLE', `the pool can not be used: ${why}`, { cause })
