import {
  type AttachedDevice,
  type Connection,
  type DiskId,
  type DiskSession,
  StorageError,
} from '../../volumegroups/index.ts'
import { type AttachmentRecord, recordOf } from './attachment-records.ts'
import { bringUp } from './bring-up.ts'
import { isUp } from './kernel.ts'
import { isSamePortal, resolvePortals } from './open-iscsi.ts'
import { describeDisk, type Parts, pathsOf, rediscover, rescanPaths, rightPaths } from './paths.ts'
import { cutOff, takeDown, undoBringUp } from './take-down.ts'

/** The disks that are attached through the kernel's initiator. Calls for disks of one target must not overlap. */
export class Attachments {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async attach(given: Connection): Promise<AttachedDevice> {
    const { records } = this.#parts
    const connection = await resolvePortals(given)
    const record = recordOf(connection)
    const before = await records.read(record.diskId)
    const present = before && (await describeDisk(this.#parts, before))
    if (present !== undefined && present.readOnly !== record.readOnly) throw otherAccess(present)
    await records.write(record) // before the login: whatever comes of it can be taken down by the record
    try {
      return await bringUp(this.#parts, connection, record)
    } catch (error) {
      if (before === undefined) await this.#undo(record)
      throw error
    }
  }

  async find(diskId: DiskId): Promise<AttachedDevice | undefined> {
    const record = await this.record(diskId)
    return record && describeDisk(this.#parts, record)
  }

  async list(): Promise<readonly AttachedDevice[]> {
    const records = await this.#parts.records.list()
    const devices = await Promise.all(records.map((record) => describeDisk(this.#parts, record)))
    return devices.filter((device) => device !== undefined)
  }

  async refreshSize(diskId: DiskId): Promise<AttachedDevice> {
    const record = await this.record(diskId)
    if (record !== undefined && (await pathsOf(this.#parts, record)).length > 0) {
      await rescanPaths(this.#parts, record)
      const device = await describeDisk(this.#parts, record)
      if (device !== undefined) return device
    }
    throw new StorageError('ATTACHMENT_NOT_FOUND', `${diskId} is not attached on this node`)
  }

  async detach(diskId: DiskId): Promise<void> {
    const record = await this.record(diskId)
    if (record !== undefined) await takeDown(this.#parts, record)
    await this.#parts.records.remove(diskId)
  }

  /** Fails the disk for good: its I/O gets errors, and nothing but a new attachment brings it back. */
  async lose(diskId: DiskId, why: string): Promise<void> {
    const record = await this.record(diskId)
    if (record === undefined) return
    await this.#parts.records.write({ ...record, lost: record.lost ?? why })
    await cutOff(this.#parts, record)
  }

  async sessions(): Promise<readonly DiskSession[]> {
    return Promise.all((await this.#parts.records.list()).map((record) => this.#sessionOf(record)))
  }

  /** What is known of the disk, also when this node has lost its own record of it. */
  async record(diskId: DiskId): Promise<AttachmentRecord | undefined> {
    return (await this.#parts.records.read(diskId)) ?? (await rediscover(this.#parts, diskId))
  }

  async #undo(record: AttachmentRecord): Promise<void> {
    try {
      await undoBringUp(this.#parts, record)
      await this.#parts.records.remove(record.diskId)
    } catch {
      // The error of the attach says more, and what is left is found by the record.
    }
  }

  async #sessionOf(record: AttachmentRecord): Promise<DiskSession> {
    const { diskId, portals, lost } = record
    if (lost !== undefined) return { diskId, state: 'failed', detail: lost }
    const right = await rightPaths(this.#parts, await pathsOf(this.#parts, record), record)
    const up = right.filter(({ session }) => isUp(session)).map(({ session }) => session.portal)
    const down = portals.filter((portal) => !up.some((known) => isSamePortal(known, portal)))
    const paths = { up: up.length, expected: portals.length }
    const addresses = down.map(({ address, port }) => `${address}:${port}`).join(', ')
    const detail = down.length === 0 ? '' : `no way to it over ${addresses}`
    const state = paths.up > 0 ? 'connected' : 'reconnecting'
    return { diskId, state, detail, ...(portals.length > 1 && { paths }) }
  }
}

const otherAccess = ({ diskId, readOnly }: AttachedDevice): StorageError =>
  new StorageError(
    'ATTACHED_DIFFERENTLY',
    `${diskId} is attached ${readOnly ? 'read-only' : 'for writing'} on this node`,
  )
