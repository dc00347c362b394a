import {
  asStorageError,
  type Connection,
  type DiskId,
  type Portal,
  type RepairFault,
  StorageError,
} from '../../volumegroups/index.ts'
import type { AttachmentRecord } from './attachment-records.ts'
import type { Attachments } from './attachments.ts'
import { makeDevice } from './bring-up.ts'
import { isUp, type Session } from './kernel.ts'
import { isSamePortal, resolvePortals } from './open-iscsi.ts'
import { mismatch, type Parts, pathsOf, sessionsOf, wrongIdentity } from './paths.ts'
import { isIscsidThere } from './sockets.ts'

export interface Repairer {
  readonly parts: Parts
  readonly attachments: Attachments
  readonly connectionOf: (diskId: DiskId) => Promise<Connection>
  readonly isPortalOpen: (portal: Portal) => Promise<boolean>
}

/** The targets of which this node has, or should have, anything. */
export async function targetsOf({ iscsi, records }: Parts): Promise<ReadonlySet<string>> {
  const found = [await records.list(), await iscsi.sessions(), await iscsi.records()]
  return new Set(found.flat().map(({ targetName }) => targetName))
}

/**
 * Makes the sessions and devices of one target's disks whole, and takes away what no disk needs. A session that the
 * kernel makes again by itself is left to it: ending it would fail what waits in it.
 */
export async function repairTarget(repairer: Repairer, targetName: string): Promise<readonly RepairFault[]> {
  const disks = (await repairer.parts.records.list()).filter((record) => record.targetName === targetName)
  const faults: RepairFault[] = []
  for (const record of disks) {
    try {
      await repairDisk(repairer, record)
    } catch (error) {
      faults.push({ diskId: record.diskId, error: asStorageError(error) })
    }
  }
  await removeLeftovers(repairer.parts, targetName)
  return faults
}

async function repairDisk(repairer: Repairer, record: AttachmentRecord): Promise<void> {
  const { parts, attachments } = repairer
  if (record.lost !== undefined) {
    return (await pathsOf(parts, record)).length === 0
      ? undefined
      : attachments.lose(record.diskId, record.lost)
  }
  const failure = await logInAgain(repairer, record).then(
    () => undefined,
    (error: unknown) => error,
  )
  for (const session of (await sessionsOf(parts.iscsi, record)).filter(isUp)) {
    await repairPath(repairer, record, session)
  }
  if (failure !== undefined) throw failure // one portal's: the paths over the others were looked at all the same
}

/** Sessions that are gone altogether, or can never come back, are made anew with the credentials of now. */
async function logInAgain(repairer: Repairer, record: AttachmentRecord): Promise<void> {
  const { parts, connectionOf } = repairer
  const sessions = await sessionsOf(parts.iscsi, record)
  const down = sessions.filter((session) => !isUp(session))
  if (down.length > 0) await isIscsidThere() // a socket of systemd's starts it
  if (down.length === 0 && sessions.length === record.portals.length) return
  const connection = await resolvePortals(await connectionOf(record.diskId))
  for (const session of down) await endRefused(repairer, session, connection)
  const present = await sessionsOf(parts.iscsi, record)
  const missing = record.portals.filter(
    (wanted) => !present.some(({ portal }) => isSamePortal(portal, wanted)),
  )
  for (const portal of missing) await logInTo(repairer, connection, portal)
}

/** A login that no one takes would keep the calls for the target's disks waiting. */
async function logInTo(
  { parts, isPortalOpen }: Repairer,
  connection: Connection,
  portal: Portal,
): Promise<void> {
  if (!(await isPortalOpen(portal))) {
    throw new StorageError(
      'INITIATOR_UNAVAILABLE',
      `the portal ${portal.address}:${portal.port} does not answer`,
    )
  }
  await parts.iscsi.login(connection, portal)
}

/**
 * The kernel logs in again with the credentials that a session was made with, and nothing gives it others. Once the
 * target has new ones, what waits in such a session would wait for ever: it gets an error instead, unless the disk has
 * other paths. A portal that does not answer can't refuse either, so nothing is ended before it does.
 */
async function endRefused(
  { parts, isPortalOpen }: Repairer,
  session: Session,
  { chap, portals }: Connection,
): Promise<void> {
  const portal = portals.find((known) => isSamePortal(known, session.portal))
  if (portal === undefined || chap === undefined) return
  if (await parts.kernel.hasCredentials(session, chap)) return
  if (!(await isPortalOpen(portal))) return
  for (const device of await parts.kernel.devices(session)) await parts.kernel.remove(device)
  await parts.iscsi.logout(session)
}

/** A disk that turns out to be another one is failed at once: not a byte of either may reach the other. */
async function repairPath(
  { parts, attachments }: Repairer,
  record: AttachmentRecord,
  session: Session,
): Promise<void> {
  const device = await parts.kernel.device(session, record.lun)
  const found = device && (await wrongIdentity(parts, { session, device }, record))
  if (found === undefined) {
    if (device === undefined) await makeDevice(parts, session, record)
    return
  }
  const error: StorageError = mismatch(record, found)
  await attachments.lose(record.diskId, error.message)
  throw error
}

/** What a node that died in the middle has left. Devices stay: who uses them is found by their serial. */
async function removeLeftovers({ kernel, iscsi, records }: Parts, targetName: string): Promise<void> {
  const disks = (await records.list()).filter(
    (disk) => disk.targetName === targetName && disk.lost === undefined,
  )
  const portals = disks.flatMap((disk) => disk.portals)
  for (const session of await iscsi.sessions(targetName)) {
    const isNeeded = portals.some((portal) => isSamePortal(portal, session.portal))
    if (!isNeeded && (await kernel.devices(session)).length === 0) await iscsi.logout(session)
  }
  await iscsi.removeUnusedRecords(targetName, portals)
}
