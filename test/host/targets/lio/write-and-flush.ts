import { createHash, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import pino from 'pino'
import { createLioTarget } from '../../../../src/host/targets/lio/target.ts'
import {
  diskIds,
  type Export,
  type InitiatorId,
  naaOf,
  serialOf,
  targetNameOf,
  volumeGroupIds,
} from '../../../../src/volumegroups/index.ts'
import { attach } from '../tgt/visitor.ts'

/** A program for a guest whose power is cut after it: fills a disk over iSCSI, flushes it and says its SHA-256. */

const SIZE_BYTES = 8 * 1024 * 1024
const BACKING = '/root/disk'

async function makeBacking(): Promise<void> {
  await using file = await open(BACKING, 'w')
  await file.truncate(SIZE_BYTES)
  await file.sync()
}

const disk = diskIds.create()
const wanted: Export = {
  targetName: targetNameOf(volumeGroupIds.create(), 'node' as InitiatorId),
  initiatorName: 'iqn.2026-01.test:node',
  chap: undefined,
  lun: 1,
  backingPath: BACKING,
  serial: serialOf(disk),
  naa: naaOf(disk),
  readOnly: false,
}
await makeBacking()
const portal = { address: '127.0.0.1', port: 3260 }
const log = pino({ level: 'silent' })
const target = createLioTarget({ portal, owner: 'mooring-power', leaveRunning: true, log })
await target.start([])
await target.grant(wanted)
const attached = await attach(target, wanted)
const data = randomBytes(SIZE_BYTES)
await attached.write(0, data)
await attached.flush()
process.stdout.write(createHash('sha256').update(data).digest('hex'))
await attached.close()
