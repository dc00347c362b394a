import { setTimeout as sleep } from 'node:timers/promises'
import { assertIdle } from '../../host/block-devices.ts'
import { settlesWithin } from '../../lib/waiting.ts'
import { type AttachedDevice, type DiskId, naaOf, StorageError, serialOf } from '../../volumegroups/index.ts'
import type { AttachmentRecord, AttachmentRecords } from './attachment-records.ts'
import { type FoundIdentity, type Identity, identityText, isSame } from './identity.ts'
import { isUp, type Kernel, type ScsiDevice, type Session } from './kernel.ts'
import type { Multipath } from './multipath.ts'
import { isSamePortal, type OpenIscsi } from './open-iscsi.ts'

/** One way from this node to a disk. */
export interface Path {
  readonly session: Session
  readonly device: ScsiDevice
}

/** What an attached disk is on this node. */
export interface Disk {
  /** The name of its block device: of the map if there is one, else of its only path. */
  readonly name: string
  readonly map: string | undefined
}

/** What the initiator works with. */
export interface Parts {
  readonly kernel: Kernel
  readonly iscsi: OpenIscsi
  readonly multipath: Multipath
  readonly records: AttachmentRecords
}

/** A kernel that makes a session again does so in a second or two, if the target is there. */
const RECONNECT_TIMEOUT_MS = 10_000
const RECONNECT_POLL_MS = 100
/** A device of a broken session may not answer at all. */
const OPEN_TIMEOUT_MS = 5000

/** The devices of this node where the disk should be, whatever they are. */
export async function pathsOf({ kernel, iscsi }: Parts, record: AttachmentRecord): Promise<readonly Path[]> {
  const sessions = await sessionsOf(iscsi, record)
  const found = await Promise.all(
    sessions.map(async (session) => ({ session, device: await kernel.device(session, record.lun) })),
  )
  return found.flatMap(({ session, device }) => (device === undefined ? [] : [{ session, device }]))
}

/** The node's sessions with the disk's portals. */
export async function sessionsOf(iscsi: OpenIscsi, record: AttachmentRecord): Promise<readonly Session[]> {
  const sessions = await iscsi.sessions(record.targetName)
  return sessions.filter(({ portal }) => record.portals.some((known) => isSamePortal(known, portal)))
}

/** Those of the paths that lead to this very disk, as far as it is known without asking the target. */
export async function rightPaths(
  { kernel }: Parts,
  paths: readonly Path[],
  expected: Identity,
): Promise<readonly Path[]> {
  const found = await Promise.all(paths.map(({ device }) => kernel.identity(device)))
  return paths.filter((_, index) => isSame(found[index] as FoundIdentity, expected))
}

/** Asks the target again what the device is, if it can be asked. Undefined when it is the right one. */
export async function wrongIdentity(
  { kernel }: Parts,
  { session, device }: Path,
  expected: Identity,
): Promise<FoundIdentity | undefined> {
  if (isUp(session)) await kernel.rescan(device)
  const found = await kernel.identity(device)
  return isSame(found, expected) ? undefined : found
}

/** Nothing was touched: it is not known whose data it is. */
export function mismatch({ diskId, serial, naa, lun }: AttachmentRecord, found: FoundIdentity): StorageError {
  const message = `LUN ${lun} should be serial ${serial}, NAA ${naa}, but is ${identityText(found)}`
  return new StorageError('IDENTITY_MISMATCH', message, { entity: { kind: 'disk', id: diskId } })
}

/** The disk that these paths are; undefined when none of them has a block device. */
export async function diskOf(
  { kernel, multipath }: Parts,
  paths: readonly Path[],
): Promise<Disk | undefined> {
  for (const { device } of paths) {
    const name = await kernel.diskOf(device)
    if (name === undefined) continue
    const map = await multipath.over(name)
    return { name: map ?? name, map }
  }
  return undefined
}

/** A record made from what the kernel has, for when the node's own was lost. Found by serial alone. */
export async function rediscover(parts: Parts, diskId: DiskId): Promise<AttachmentRecord | undefined> {
  const expected = { serial: serialOf(diskId), naa: naaOf(diskId) }
  for (const session of await parts.iscsi.sessions()) {
    for (const device of await parts.kernel.devices(session)) {
      if (!isSame(await parts.kernel.identity(device), expected)) continue
      const { targetName } = session
      const sessions = await parts.iscsi.sessions(targetName)
      const portals = sessions.map(({ portal }) => ({ ...portal, groupTag: 1 }))
      const name = await parts.kernel.diskOf(device)
      const readOnly = name !== undefined && (await parts.kernel.isReadOnly(name))
      return { diskId, targetName, portals, lun: device.lun, ...expected, readOnly, lost: undefined }
    }
  }
  return undefined
}

/** The paths over which I/O reaches the target: waits for one, or for all, and gives back those there are in time. */
export async function upPaths(
  parts: Parts,
  record: AttachmentRecord,
  need: 'one' | 'all',
): Promise<readonly Path[]> {
  const deadline = Date.now() + RECONNECT_TIMEOUT_MS
  for (;;) {
    const paths = await pathsOf(parts, record)
    const up = paths.filter(({ session }) => isUp(session))
    const isEnough = need === 'one' ? up.length > 0 : up.length === record.portals.length
    if (isEnough || Date.now() > deadline) return up
    await sleep(RECONNECT_POLL_MS)
  }
}

/** Asks the target for the size over every path that works, and that it is still the same disk. */
export async function rescanPaths(parts: Parts, record: AttachmentRecord): Promise<void> {
  const up = await upPaths(parts, record, 'all') // a map can not be larger than any of its paths
  if (up.length === 0) throw unreachable(record, 'its size is not known')
  for (const path of up) {
    const wrong = await wrongIdentity(parts, path, record)
    if (wrong !== undefined) throw mismatch(record, wrong)
  }
  const disk = await diskOf(parts, up)
  if (disk?.map !== undefined) await parts.multipath.resize(disk.map)
}

/** Undefined while it is not there, or when it is not known to be the right one. Does no I/O. */
export async function describeDisk(
  parts: Parts,
  record: AttachmentRecord,
): Promise<AttachedDevice | undefined> {
  const { kernel } = parts
  const paths = await pathsOf(parts, record)
  const right = await rightPaths(parts, paths, record)
  const disk = right.length < paths.length ? undefined : await diskOf(parts, right)
  if (disk === undefined) return undefined
  const [sizeBytes, readOnly] = [await kernel.sizeBytes(disk.name), await kernel.isReadOnly(disk.name)]
  return { diskId: record.diskId, path: kernel.pathOf(disk.name), sizeBytes, readOnly }
}

/** Throws DEVICE_IN_USE while it is mounted, or something else has it for itself. */
export async function assertDiskIdle({ kernel }: Parts, disk: string): Promise<void> {
  const idle = assertIdle(kernel.pathOf(disk))
  if (await settlesWithin(idle, OPEN_TIMEOUT_MS)) return idle
  throw new StorageError('DEVICE_IN_USE', 'the block device of the disk does not answer on this node')
}

export function unreachable({ diskId, portals }: AttachmentRecord, so: string): StorageError {
  const addresses = portals.map(({ address, port }) => `${address}:${port}`).join(', ')
  return new StorageError('INITIATOR_UNAVAILABLE', `no portal of ${diskId} answers (${addresses}), so ${so}`)
}
