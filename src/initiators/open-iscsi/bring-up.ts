import { run } from '../../host/exec.ts'
import { type AttachedDevice, type Connection, StorageError } from '../../volumegroups/index.ts'
import type { AttachmentRecord } from './attachment-records.ts'
import { isSame } from './identity.ts'
import type { ScsiDevice, Session } from './kernel.ts'
import { assertDiskIdle, describeDisk, mismatch, type Parts, rescanPaths, wrongIdentity } from './paths.ts'

/** Logs in and makes the disk's device, its identity and size checked. */
export async function bringUp(
  parts: Parts,
  connection: Connection,
  record: AttachmentRecord,
): Promise<AttachedDevice> {
  const disks: string[] = []
  for (const session of await logIn(parts, connection)) {
    const disk = await parts.kernel.diskOf(await makeDevice(parts, session, record))
    if (disk !== undefined) disks.push(disk)
  }
  if (disks.length === 0) {
    throw new StorageError('INITIATOR_UNAVAILABLE', `the kernel made no block device of LUN ${record.lun}`)
  }
  if (connection.portals.length > 1) await parts.multipath.map(disks, record)
  const { sizeBytes, readOnly, path } = await described(parts, record)
  if (sizeBytes < connection.sizeBytes) await rescanPaths(parts, record)
  if (record.readOnly && !readOnly) await run({ file: 'blockdev', args: ['--setro', path] })
  return checkSize(await described(parts, record), connection)
}

/** Over every portal that takes a login; over one at least. */
async function logIn({ iscsi }: Parts, connection: Connection): Promise<readonly Session[]> {
  const sessions: Session[] = []
  let failure: unknown
  for (const portal of connection.portals) {
    try {
      sessions.push(await iscsi.login(connection, portal))
    } catch (error) {
      failure ??= error
    }
  }
  if (sessions.length === 0) throw failure
  return sessions
}

/** The device of the disk's LUN in this session, made if it is not there: the right one, or IDENTITY_MISMATCH. */
export async function makeDevice(
  parts: Parts,
  session: Session,
  record: AttachmentRecord,
): Promise<ScsiDevice> {
  const { kernel } = parts
  const present = await kernel.device(session, record.lun)
  if (present !== undefined) {
    const known = await kernel.identity(present)
    const wrong = isSame(known, record)
      ? await wrongIdentity(parts, { session, device: present }, record)
      : known // made when the LUN was another disk's: that one's data may still wait in it
    if (wrong === undefined) return present
    if (!(await isDisposable(parts, present, record))) throw mismatch(record, wrong)
    await kernel.remove(present)
  }
  const device = await kernel.scan(session, record.lun)
  if (device === undefined) {
    const message = `the target shows no LUN ${record.lun} to this node`
    throw new StorageError('INITIATOR_UNAVAILABLE', message, {
      fix: 'Check that the disk is granted to this initiator; then try again.',
    })
  }
  const found = await kernel.identity(device)
  if (isSame(found, record)) return device
  await kernel.remove(device)
  throw mismatch(record, found)
}

/** Whether nothing uses it, and no disk of this node should be there. */
async function isDisposable(
  parts: Parts,
  device: ScsiDevice,
  { diskId, targetName, lun }: AttachmentRecord,
): Promise<boolean> {
  const isClaimed = (await parts.records.list()).some(
    (other) => other.diskId !== diskId && other.targetName === targetName && other.lun === lun,
  )
  const disk = await parts.kernel.diskOf(device)
  if (isClaimed || disk === undefined) return !isClaimed
  return assertDiskIdle(parts, disk).then(
    () => true,
    () => false,
  )
}

async function described(parts: Parts, record: AttachmentRecord): Promise<AttachedDevice> {
  const device = await describeDisk(parts, record)
  if (device !== undefined) return device
  throw new StorageError('INITIATOR_UNAVAILABLE', `the device of ${record.diskId} went away from this node`)
}

function checkSize(device: AttachedDevice, { diskId, sizeBytes }: Connection): AttachedDevice {
  if (device.sizeBytes >= sizeBytes) return device
  const message = `the device has ${device.sizeBytes} bytes where the disk has ${sizeBytes}`
  throw new StorageError('IDENTITY_MISMATCH', message, { entity: { kind: 'disk', id: diskId } })
}
