import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { type DiskId, diskIds, StorageError } from '../volumegroups/index.ts'

const Schema = Type.Object(
  {
    version: Type.Literal(1),
    diskId: Type.Unsafe<DiskId>(Type.String()),
    serial: Type.String(),
    stagingPath: Type.String(),
    accessType: Type.Union([Type.Literal('mount'), Type.Literal('block')]),
    accessMode: Type.String(),
    /** Undefined for a block volume, and while it is not known which file system is on the disk. */
    fsType: Type.Optional(Type.Union([Type.Literal('ext4'), Type.Literal('xfs'), Type.Literal('btrfs')])),
    /** What is mounted or published is the plain side of an encrypted disk. */
    encryption: Type.Optional(Type.Literal('luks')),
    mountFlags: Type.Array(Type.String()),
    readOnly: Type.Boolean(),
    /** Who grants the disk to this node; `node` must take the right back. */
    attach: Type.Union([Type.Literal('controller'), Type.Literal('node')]),
    /**
     * `formatting`: what the disk holds may be the remains of an mkfs that this node began on a blank disk.
     * `mounting`, `staged`: what is mounted at the staging path is this volume.
     */
    phase: Type.Union([
      Type.Literal('attaching'),
      Type.Literal('formatting'),
      Type.Literal('mounting'),
      Type.Literal('staged'),
    ]),
    /** Where it is published, or is about to be. Only the mount table says whether it still is. */
    targets: Type.Array(Type.String()),
  },
  { additionalProperties: false },
)

type Stored = Static<typeof Schema>

/** What this node must know to take a volume down again, whatever else is lost. Holds no secret. */
export type VolumeRecord = Readonly<Omit<Stored, 'targets' | 'mountFlags'>> & {
  readonly mountFlags: readonly string[]
  readonly targets: readonly string[]
}

/** Whether what is mounted at the staging path, if anything, is this volume, dead or alive. */
export const hasMount = ({ phase }: VolumeRecord): boolean => phase === 'mounting' || phase === 'staged'

const SUFFIX = '.json'
const TEMPORARY_SUFFIX = '.json.new'

/** The records of the volumes on this node: one file each, replaced as a whole and durable when a method returns. */
export class NodeRecords {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Makes the directory if it is missing. */
  static async open(directory: string): Promise<NodeRecords> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new NodeRecords(directory)
  }

  /** Undefined when there is none. A damaged one throws NODE_RECORD_DAMAGED: nothing may be guessed from it. */
  async read(diskId: DiskId): Promise<VolumeRecord | undefined> {
    const file = this.#fileOf(diskId)
    try {
      const found: unknown = JSON.parse(await readFile(file, 'utf8'))
      if (Value.Check(Schema, found) && found.diskId === diskId) return found as VolumeRecord
      throw new Error('it does not have the form of a record of this disk')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new StorageError('NODE_RECORD_DAMAGED', `the record ${file} can not be read`, {
        entity: { kind: 'disk', id: diskId },
        cause,
      })
    }
  }

  async write(record: VolumeRecord): Promise<void> {
    const file = this.#fileOf(record.diskId)
    const temporary = `${file.slice(0, -SUFFIX.length)}${TEMPORARY_SUFFIX}`
    await this.#durably(file, async () => {
      const handle = await open(temporary, 'w', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(record, undefined, 2)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    })
  }

  /** OK when there is none. */
  async remove(diskId: DiskId): Promise<void> {
    const file = this.#fileOf(diskId)
    await this.#durably(file, () => rm(file, { force: true }))
  }

  /** The disks that have a record. */
  async list(): Promise<readonly DiskId[]> {
    const names = await readdir(this.#directory)
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter(diskIds.is)
  }

  #fileOf(diskId: DiskId): string {
    return join(this.#directory, `${diskId}${SUFFIX}`)
  }

  async #durably(file: string, change: () => Promise<void>): Promise<void> {
    try {
      await change()
      const directory = await open(this.#directory, 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    } catch (cause) {
      throw new StorageError('NODE_RECORD_UNWRITABLE', `the record ${file} can not be written`, { cause })
    }
  }
}
