import { realpath, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertIdle } from '../../host/block-devices.ts'
import { run } from '../../host/exec.ts'
import {
  attachLoop,
  detachLoop,
  isLoopReadOnly,
  listLoops,
  loopSizeBytes,
  loopsOf,
  refreshLoopSize,
} from '../../host/loop-devices.ts'
import { createSerializer } from '../../host/serialize.ts'
import { KeyedPool } from '../../lib/keyed-pool.ts'
import { settlesWithin, untilAborted } from '../../lib/waiting.ts'
import {
  type AttachedDevice,
  asStorageError,
  type CallOptions,
  type Connection,
  type DiskId,
  type DiskSession,
  diskIds,
  type InitiatorPlug,
  type RepairFault,
  StorageError,
} from '../../volumegroups/index.ts'
import { diskFile, disksFolder } from './keeper/keeper.ts'
import { KeeperLink, type KeeperLinkOptions } from './keeper/keeper-link.ts'
import type { ServedDisk } from './keeper/keeper-protocol.ts'
import { volumeSpecOf } from './volume-spec.ts'

/** Every file system of Linux works with it, and the target is never asked for less than a page. */
const SECTOR_BYTES = 4096
const SYNC_TIMEOUT_MS = 60_000
const RESIZE_TIMEOUT_MS = 10_000
/** A mounted file answers at once, unless its worker is just being replaced. */
const PROBE_TIMEOUT_MS = 10_000
const POLL_MS = 20
const MAX_WAITING_CALLS = 8
/** At one time: a node that was cut off has all its disks waiting. */
const MAX_REPAIRS = 8

/**
 * The userspace initiator: each disk is a FUSE file that a worker serves over iSCSI, with a loop device on it.
 * What is attached is read from the kernel and the keeper, so that this object can be thrown away at any time.
 */
export function createUserspaceInitiator(options: KeeperLinkOptions): InitiatorPlug {
  const attachments = new UserspaceAttachments(options.stateDir, new KeeperLink(options))
  const serialize = createSerializer(MAX_WAITING_CALLS)
  const one = <Result>(id: DiskId, call: CallOptions | undefined, task: () => Promise<Result>) =>
    untilAborted(serialize(id, task), call?.signal)
  return {
    attach: (connection, call) => one(connection.diskId, call, () => attachments.attach(connection)),
    find: (diskId, call) => untilAborted(attachments.find(diskId), call?.signal),
    refreshSize: (diskId, call) => one(diskId, call, () => attachments.refreshSize(diskId)),
    detach: (diskId, call) => one(diskId, call, () => attachments.detach(diskId)),
    list: (call) => untilAborted(attachments.list(), call?.signal),
    sessions: (call) => untilAborted(attachments.sessions(), call?.signal),
    lose: (diskId, why, call) => one(diskId, call, () => attachments.lose(diskId, why)),
    repair: (connectionOf, call) => untilAborted(attachments.repair(connectionOf), call?.signal),
    [Symbol.asyncDispose]: async () => {}, // attached disks outlive this process
  }
}

class UserspaceAttachments {
  readonly #stateDir: string
  readonly #keeper: KeeperLink

  constructor(stateDir: string, keeper: KeeperLink) {
    this.#stateDir = stateDir
    this.#keeper = keeper
  }

  async attach(connection: Connection): Promise<AttachedDevice> {
    const { diskId, readOnly } = connection
    const file = diskFile(this.#stateDir, diskId)
    const orphan = await this.#takeOrphan(diskId, file)
    if (orphan !== undefined) return sameAccess(orphan, readOnly)
    await this.#keeper.attach(volumeSpecOf(connection))
    const [present] = await loopsOf(file)
    const path = present ?? (await attachLoop(file, { directIo: true, sectorSize: SECTOR_BYTES, readOnly }))
    return describe(diskId, path)
  }

  async find(diskId: DiskId): Promise<AttachedDevice | undefined> {
    const [path] = await loopsOf(diskFile(this.#stateDir, diskId))
    return path === undefined ? undefined : describe(diskId, path)
  }

  async list(): Promise<readonly AttachedDevice[]> {
    const folder = await realpath(disksFolder(this.#stateDir)).catch(() => undefined)
    const loops = (await listLoops()).filter(({ file }) => dirname(file) === folder)
    return Promise.all(
      loops.flatMap(({ device, file }) => {
        const diskId = basename(file)
        return diskIds.is(diskId) ? [describe(diskId, device)] : []
      }),
    )
  }

  /** Of a disk that an earlier keeper's worker still serves nothing is known. */
  async sessions(): Promise<readonly DiskSession[]> {
    const attached = await this.list()
    if (attached.length === 0) return [] // a keeper is not started for nothing
    const served = await this.#keeper.list()
    const isServed = new Set(served.map(({ diskId }) => diskId))
    const orphans = attached.filter(({ diskId }) => !isServed.has(diskId))
    const alive = await Promise.all(orphans.map(({ diskId }) => isAlive(diskFile(this.#stateDir, diskId))))
    const dead = orphans.filter((_, index) => !alive[index])
    return [
      ...served.map(({ diskId, session }) => ({ diskId, ...session })),
      ...dead.map(({ diskId }) => ({
        diskId,
        state: 'failed' as const,
        detail: 'nothing serves it any more',
      })),
    ]
  }

  async refreshSize(diskId: DiskId): Promise<AttachedDevice> {
    const device = await this.find(diskId)
    if (device === undefined) throw notAttached(diskId)
    if ((await this.#served(diskId)) !== undefined) await this.#keeper.refreshSize(diskId)
    // The kernel asks the worker. One that has outlived its keeper asks the target.
    const { size: sizeBytes } = await stat(diskFile(this.#stateDir, diskId))
    await refreshLoopSize(device.path)
    const deadline = Date.now() + RESIZE_TIMEOUT_MS
    while ((await loopSizeBytes(device.path)) < BigInt(sizeBytes)) {
      if (Date.now() > deadline) {
        throw new StorageError(
          'STEP_TIMED_OUT',
          `${device.path} does not take over the new size of ${diskId}`,
        )
      }
      await sleep(POLL_MS)
    }
    return describe(diskId, device.path)
  }

  async lose(diskId: DiskId, why: string): Promise<void> {
    if ((await this.find(diskId)) !== undefined) await this.#keeper.abandon(diskId, why)
  }

  /** A worker tries for ever to log in again, but only as it was told to: what waits is told the credentials of now. */
  async repair(connectionOf: (diskId: DiskId) => Promise<Connection>): Promise<readonly RepairFault[]> {
    if ((await this.list()).length === 0) return [] // a keeper is not started for nothing
    const waiting = (await this.#keeper.list()).filter(({ session }) => session.state === 'reconnecting')
    const pool = new KeyedPool(MAX_REPAIRS)
    const faults: RepairFault[] = []
    for (const { diskId } of waiting) {
      pool.offer(diskId, async () => {
        try {
          await this.#keeper.attach(volumeSpecOf(await connectionOf(diskId)))
        } catch (error) {
          faults.push({ diskId, error: asStorageError(error) })
        }
      })
    }
    await pool.idle()
    return faults
  }

  async detach(diskId: DiskId): Promise<void> {
    const file = diskFile(this.#stateDir, diskId)
    const loops = await loopsOf(file)
    if (loops.length > 0) {
      const served = await this.#served(diskId)
      const works = served === undefined ? await isAlive(file) : served.session.state !== 'failed'
      for (const device of loops) await releaseLoop(device, works)
    }
    await this.#keeper.detach(diskId)
  }

  /**
   * A loop device on a file that this keeper does not serve: an earlier keeper's worker may still do so, and then
   * the disk is as good as ever. If not, the device is of no more use and goes.
   */
  async #takeOrphan(diskId: DiskId, file: string): Promise<AttachedDevice | undefined> {
    const loops = await loopsOf(file)
    const [device] = loops
    if (device === undefined || (await this.#served(diskId)) !== undefined) return undefined
    if (await isAlive(file)) return describe(diskId, device)
    for (const dead of loops) await releaseLoop(dead, false)
    return undefined
  }

  async #served(diskId: DiskId): Promise<ServedDisk | undefined> {
    return (await this.#keeper.list()).find((disk) => disk.diskId === diskId)
  }
}

/** @param flush false for a device that can only fail. */
async function releaseLoop(device: string, flush: boolean): Promise<void> {
  await assertIdle(device)
  if (flush) await run({ file: 'sync', args: [device] }, { timeoutMs: SYNC_TIMEOUT_MS })
  await detachLoop(device)
}

/** Whether the mounted file is served by anybody. */
async function isAlive(file: string): Promise<boolean> {
  const answer = stat(file).then(
    ({ size }) => size > 0, // without a mount it is an empty file
    () => false,
  )
  return (await settlesWithin(answer, PROBE_TIMEOUT_MS)) && answer
}

async function describe(diskId: DiskId, path: string): Promise<AttachedDevice> {
  return { diskId, path, sizeBytes: await loopSizeBytes(path), readOnly: await isLoopReadOnly(path) }
}

function sameAccess(device: AttachedDevice, readOnly: boolean): AttachedDevice {
  if (device.readOnly === readOnly) return device
  const how = device.readOnly ? 'read-only' : 'for writing'
  throw new StorageError('ATTACHED_DIFFERENTLY', `${device.diskId} is attached ${how} on this node`)
}

const notAttached = (diskId: DiskId): StorageError =>
  new StorageError('ATTACHMENT_NOT_FOUND', `${diskId} is not attached on this node`)
