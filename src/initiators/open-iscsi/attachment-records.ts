import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connection, type DiskId, diskIds, type Portal, StorageError } from '../../volumegroups/index.ts'

/** Where a disk is to be found on this node, and how it is known to be the right one. Holds no secret. */
export interface AttachmentRecord
  extends Pick<Connection, 'diskId' | 'targetName' | 'lun' | 'serial' | 'naa' | 'readOnly'> {
  readonly portals: readonly Portal[]
  /** Why nothing may bring the disk back but a new attachment: it was lost to this node, or is another one now. */
  readonly lost: string | undefined
}

interface Stored extends AttachmentRecord {
  readonly version: 1
  /** A boot of the machine takes all sessions with it. */
  readonly bootId: string
}

const SUFFIX = '.json'

export const recordOf = (connection: Connection): AttachmentRecord => {
  const { diskId, targetName, lun, serial, naa, readOnly, portals } = connection
  return { diskId, targetName, lun, serial, naa, readOnly, portals, lost: undefined }
}

/**
 * What is attached, or about to be, since the machine was booted: one file a disk, written before the login and
 * removed last, so that a disk can be detached when its device is long gone. Durable when a method returns.
 */
export class AttachmentRecords {
  readonly #folder: string
  readonly #bootId: string

  /** @param bootId the kernel's, new with each boot. */
  constructor(folder: string, bootId: string) {
    this.#folder = folder
    this.#bootId = bootId
  }

  /** Undefined when there is none of this boot. A damaged one throws NODE_RECORD_DAMAGED. */
  async read(diskId: DiskId): Promise<AttachmentRecord | undefined> {
    const stored = await this.#stored(diskId)
    return stored?.bootId === this.#bootId ? stored : undefined
  }

  async write(record: AttachmentRecord): Promise<void> {
    const file = this.#fileOf(record.diskId)
    const stored: Stored = { ...record, version: 1, bootId: this.#bootId }
    await this.#durably(async () => {
      const handle = await open(`${file}.new`, 'w', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(stored, undefined, 2)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(`${file}.new`, file)
    })
  }

  /** OK when there is none. */
  async remove(diskId: DiskId): Promise<void> {
    await this.#durably(() => rm(this.#fileOf(diskId), { force: true }))
  }

  /** All of this boot that can be read; those of earlier ones are removed. */
  async list(): Promise<readonly AttachmentRecord[]> {
    const names: readonly string[] = await readdir(this.#folder).catch(() => [])
    const ids = names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length))
    const found: AttachmentRecord[] = []
    for (const diskId of ids.filter((id) => diskIds.is(id))) {
      const stored = await this.#stored(diskId).catch(() => undefined)
      if (stored?.bootId === this.#bootId) found.push(stored)
      else if (stored !== undefined) await this.remove(diskId)
    }
    return found
  }

  async #stored(diskId: DiskId): Promise<Stored | undefined> {
    const file = this.#fileOf(diskId)
    try {
      const found = JSON.parse(await readFile(file, 'utf8')) as Stored
      if (found.version === 1 && found.diskId === diskId && Array.isArray(found.portals)) return found
      throw new Error('it does not have the form of a record of this disk')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new StorageError('NODE_RECORD_DAMAGED', `the record ${file} can not be read`, {
        entity: { kind: 'disk', id: diskId },
        cause,
      })
    }
  }

  #fileOf(diskId: DiskId): string {
    return join(this.#folder, `${diskId}${SUFFIX}`)
  }

  async #durably(change: () => Promise<void>): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await change()
      const folder = await open(this.#folder, 'r')
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    } catch (cause) {
      throw new StorageError('NODE_RECORD_UNWRITABLE', 'the record of an attached disk can not be written', {
        cause,
      })
    }
  }
}
