import { constants } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { attachLoop, detachLoop, refreshLoopSize } from '../../../src/host/loop-devices.ts'
import { unmount } from '../../../src/host/mounts.ts'

export const MIB = 1024 * 1024

/** Sparse files as block devices, and directories to mount them on. All of it goes when the test ends. */
export class Bench {
  readonly root: string
  #next = 0

  private constructor(root: string) {
    this.root = root
  }

  static async create(): Promise<Bench> {
    const root = await mkdtemp(join(tmpdir(), 'mooring-fs-'))
    onTestFinished(() => rm(root, { recursive: true }))
    return new Bench(root)
  }

  /** A device on a new file, blank or with the content that the source has at this instant. */
  async device(sizeBytes: number, source?: LoopFile): Promise<LoopFile> {
    const file = join(this.root, `file-${this.#next++}`)
    if (source === undefined) await (await open(file, 'w')).close()
    else await copyFile(source.file, file, constants.COPYFILE_FICLONE)
    await truncate(file, sizeBytes)
    const path = await attachLoop(file, { directIo: false })
    onTestFinished(() => detachLoop(path))
    return new LoopFile(file, path)
  }

  async directory(): Promise<string> {
    const path = join(this.root, `directory-${this.#next++}`)
    await mkdir(path)
    onTestFinished(() => unmount(path))
    return path
  }
}

export class LoopFile {
  readonly file: string
  readonly path: string

  constructor(file: string, path: string) {
    this.file = file
    this.path = path
  }

  async grow(sizeBytes: number): Promise<void> {
    await truncate(this.file, sizeBytes)
    await refreshLoopSize(this.path)
  }

  /** Through the device, so that what reads the device sees it. */
  async write(offset: number, bytes: Buffer): Promise<void> {
    const device = await open(this.path, 'r+')
    try {
      await device.write(bytes, 0, bytes.length, offset)
      await device.sync()
    } finally {
      await device.close()
    }
  }
}
