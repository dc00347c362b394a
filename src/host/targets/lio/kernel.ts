import { access, mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StorageError } from '../../../volumegroups/index.ts'
import { run } from '../../exec.ts'
import { backstores, TARGETS } from './layout.ts'

/** Where the kernel shows its targets. */
export const LIO_ROOT = '/sys/kernel/config/target'

/**
 * Loads what can be loaded; throws TARGET_UNAVAILABLE with all that is missing for this host's kernel to be a target.
 * The kernel loads the modules of iSCSI and of files by itself when a folder for them is made.
 */
export async function prepareKernel(root: string): Promise<void> {
  const missing = (await whyNoRoot(root)) ?? (await missingParts(root))
  if (missing.length === 0) return
  const message = `this host's kernel can not be an iSCSI target: ${missing.join('; ')}`
  throw new StorageError('TARGET_UNAVAILABLE', message)
}

async function whyNoRoot(root: string): Promise<string[] | undefined> {
  if (await isThere(root)) return undefined
  const configfs = resolve(root, '..')
  if (!(await readFile('/proc/mounts', 'utf8')).includes(` ${configfs} configfs `)) {
    return [`configfs is not mounted (modprobe configfs; mount -t configfs configfs ${configfs})`]
  }
  await run({ file: 'modprobe', args: ['-q', 'target_core_mod'] }).catch(() => {}) // what follows tells
  if (await isThere(root)) return undefined
  return ['the kernel module target_core_mod is not loaded and can not be loaded (modprobe target_core_mod)']
}

async function missingParts(root: string): Promise<string[]> {
  const parts = [
    { folder: TARGETS, module: 'iscsi_target_mod' },
    { folder: backstores(), module: 'target_core_file' },
  ]
  const faults = await Promise.all(
    parts.map(async ({ folder, module }) => {
      try {
        await mkdir(join(root, folder))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EEXIST') return undefined
        if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
          return `${root} can not be written (${code})`
        return `the kernel module ${module} is not loaded and can not be loaded (modprobe ${module})`
      }
    }),
  )
  return faults.filter((fault) => fault !== undefined)
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
