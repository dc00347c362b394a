import { type Capability, rightsOf } from '../csi/capability.ts'
import type { Call } from '../rpc/call.ts'
import { type AttachedDevice, type Connection, StorageError, withStep } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'

interface Job {
  readonly record: VolumeRecord
  readonly capability: Capability
}

/** Attaches the disk and makes sure that it is the right one. `readOnly`: it was granted for reading only. */
export async function attachDisk(
  parts: NodeParts,
  { record, capability }: Job,
  call: Call,
): Promise<{ readonly device: AttachedDevice; readonly readOnly: boolean }> {
  const { diskId } = record
  const waiting = { signal: call.signal }
  try {
    if (record.attach === 'node') {
      const rights = rightsOf(capability, false)
      await parts.groups.grant({ diskId, initiatorId: parts.nodeId, ...rights }, waiting)
    }
    const connection = await parts.groups.connection(diskId, parts.nodeId, waiting)
    checkConnection(connection, record)
    let device = await parts.initiator.attach(connection, waiting)
    if (device.sizeBytes < connection.sizeBytes) device = await parts.initiator.refreshSize(diskId, waiting)
    checkDevice(device, connection)
    return { device, readOnly: connection.readOnly }
  } catch (error) {
    throw withStep(error, 'attach')
  }
}

function checkConnection(connection: Connection, record: VolumeRecord): void {
  if (connection.diskId === record.diskId && connection.serial === record.serial) return
  throw mismatch(record, `the endpoint names ${connection.diskId} with the serial ${connection.serial}`)
}

/** The initiator compared the serials; this compares what it attached with what was to be attached. */
function checkDevice(device: AttachedDevice, connection: Connection): void {
  const { diskId, sizeBytes } = connection
  if (device.diskId !== diskId) throw mismatch(connection, `the device is ${device.diskId}`)
  if (device.sizeBytes < sizeBytes) {
    throw mismatch(connection, `the device has ${device.sizeBytes} bytes where the disk has ${sizeBytes}`)
  }
  if (device.readOnly && !connection.readOnly) {
    throw mismatch(connection, 'the device is read-only, though it was granted for writing')
  }
}

const mismatch = ({ diskId, serial }: Pick<Connection, 'diskId' | 'serial'>, found: string): StorageError =>
  new StorageError('IDENTITY_MISMATCH', `${diskId} with the serial ${serial} was asked for, but ${found}`, {
    entity: { kind: 'disk', id: diskId },
  })
