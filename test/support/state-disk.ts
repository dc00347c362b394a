import { existsSync } from 'node:fs'
import { mkdir, open, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../src/host/exec.ts'
import { attachLoop, detachLoop, loopsOf } from '../../src/host/loop-devices.ts'
import { mount, unmount } from '../../src/host/mounts.ts'

const MIB = 1024 ** 2
const DEFAULT_SIZE_BYTES = 64 * MIB

/** A small disk with a file system of its own, that can be full, or stop answering. */
export class StateDisk implements AsyncDisposable {
  readonly target: string
  readonly #image: string
  #isFrozen = false

  private constructor(image: string, target: string) {
    this.#image = image
    this.target = target
  }

  /** Makes the image and mounts it there. */
  static async mount(image: string, target: string, sizeBytes = DEFAULT_SIZE_BYTES): Promise<StateDisk> {
    const disk = new StateDisk(image, target)
    try {
      await using file = await open(image, 'wx')
      await file.truncate(sizeBytes)
      await run({ file: 'mkfs.ext4', args: ['-q', '-F', image] })
      await mkdir(target, { recursive: true })
      const source = await attachLoop(image, { directIo: false, readOnly: false })
      await mount({ source, target, fsType: 'ext4', options: [] })
    } catch (error) {
      await disk[Symbol.asyncDispose]()
      throw error
    }
    return disk
  }

  /** Leaves no free byte. */
  async fill(): Promise<void> {
    await using file = await open(join(this.target, 'filler'), 'w')
    for (let size = MIB; size >= 512; size /= 2) {
      for (let isFull = false; !isFull; ) {
        isFull = await file.write(Buffer.alloc(size)).then(
          ({ bytesWritten }) => bytesWritten < size,
          () => true,
        )
      }
    }
    await file.sync().catch(() => {}) // there may be no room for what it still has to note
  }

  async free(): Promise<void> {
    if (!existsSync(join(this.target, 'filler'))) return
    await truncate(join(this.target, 'filler'), 0)
    await rm(join(this.target, 'filler'))
  }

  /** From now on no write to it returns. */
  async freeze(): Promise<void> {
    await run({ file: 'fsfreeze', args: ['--freeze', this.target] })
    this.#isFrozen = true
  }

  async thaw(): Promise<void> {
    if (!this.#isFrozen) return
    await run({ file: 'fsfreeze', args: ['--unfreeze', this.target] })
    this.#isFrozen = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.thaw()
    await unmount(this.target)
    for (const device of await loopsOf(this.#image)) await detachLoop(device)
    await rm(this.#image, { force: true })
  }
}
