import { afterAll, beforeAll, expect, test } from 'vitest'
import { cdb, isidOf, Lun, ReconnectingDisk, Session } from '../../src/iscsi/index.ts'
import { Tgtd } from '../support/tgtd.ts'

const NAME = 'iqn.2026-01.storage.mooring.test:cdb'
const IDENTITY = { serial: 'cdb-test', naa: '60014055a1b2c3d4e5f60718293a4b5c' }
const BLOCKS = 4096
const LUN = 1

let tgtd: Tgtd
let session: Session
let target: { portal: { address: string; port: number; groupTag: number }; targetName: string }

beforeAll(async () => {
  tgtd = await Tgtd.start()
  const tid = await tgtd.addTarget(NAME)
  await tgtd.addLun(tid, { lun: LUN, path: await tgtd.file('lun', BLOCKS * 512), ...IDENTITY })
  target = { portal: { address: '127.0.0.1', port: tgtd.port, groupTag: 1 }, targetName: NAME }
  session = await Session.login({ ...target, initiatorName: 'iqn.2026-01.test:one', isid: isidOf('one') })
  await new Lun(session, LUN).ready()
})
afterAll(async () => {
  await session?.logout()
  await tgtd?.[Symbol.asyncDispose]()
})

async function ask(command: Buffer, bytes: number): Promise<Buffer> {
  const dataIn = Buffer.alloc(bytes)
  const { status, residualBytes } = await session.execute({ lun: LUN, cdb: command, dataIn })
  expect(status).toBe(0)
  return dataIn.subarray(0, bytes - residualBytes)
}

async function tell(command: Buffer, dataOut: Buffer): Promise<void> {
  expect(await session.execute({ lun: LUN, cdb: command, dataOut })).toMatchObject({ status: 0 })
}

test('INQUIRY and its pages', async () => {
  expect((await ask(cdb.inquiry(96), 96)).toString('latin1', 8, 11)).toBe('IET')
  expect((await ask(cdb.vitalProductData(0x80, 96), 96)).toString('latin1').trim()).toContain(IDENTITY.serial)
})

test('READ CAPACITY in both sizes', async () => {
  expect((await ask(cdb.readCapacity10(), 8)).readUInt32BE(0)).toBe(BLOCKS - 1)
  expect((await ask(cdb.readCapacity16(32), 32)).readBigUInt64BE(0)).toBe(BigInt(BLOCKS - 1))
})

test('MODE SENSE in both sizes shows the same caching page', async () => {
  const six = await ask(cdb.modeSense6(8, 192), 192)
  const ten = await ask(cdb.modeSense10(8, 192), 192)
  expect(six[4]! & 0x3f).toBe(8)
  expect(six.subarray(4).equals(ten.subarray(8))).toBe(true)
})

test('WRITE SAME, with and without giving back; a forced WRITE', async () => {
  await tell(cdb.write16(8, 8, true), Buffer.alloc(4096, 1))
  await tell(cdb.writeSame16(8, 4, false), Buffer.alloc(512, 9))
  await tell(cdb.writeSame16(14, 2, true), Buffer.alloc(512))
  const expected = Buffer.concat([Buffer.alloc(2048, 9), Buffer.alloc(1024, 1), Buffer.alloc(1024)])
  expect((await ask(cdb.read16(8, 8), 4096)).equals(expected)).toBe(true)
})

test('persistent reservations keep another initiator from writing', async () => {
  const { reserve, clear, register } = cdb.RESERVE_OUT
  const { writeExclusive } = cdb.RESERVATION
  const identity = { initiatorName: 'iqn.2026-01.test:two', isid: isidOf('two'), expected: IDENTITY }
  const { portal, targetName } = target
  const disk = await ReconnectingDisk.open({
    portals: [portal],
    targetName,
    lun: LUN,
    shared: true,
    ...identity,
  })
  await tell(cdb.persistentReserveOut(register, 0), cdb.reserveParameters(0n, 7n))
  await tell(cdb.persistentReserveOut(reserve, writeExclusive), cdb.reserveParameters(7n, 0n))
  const keys = await ask(cdb.persistentReserveIn(cdb.RESERVE_IN.readKeys, 64), 64)
  expect(keys.readBigUInt64BE(8)).toBe(7n)
  const held = await ask(cdb.persistentReserveIn(cdb.RESERVE_IN.readReservation, 64), 64)
  expect([held.readBigUInt64BE(8), held[21]! & 0xf]).toEqual([7n, writeExclusive])

  await expect(disk.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'reservation_conflict' })
  await tell(cdb.persistentReserveOut(clear, 0), cdb.reserveParameters(7n, 0n))
  await disk.write(0, Buffer.alloc(512))
  await disk.close()
})
