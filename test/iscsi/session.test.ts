import { expect, test } from 'vitest'
import type { Session } from '../../src/iscsi/index.ts'
import { connect } from '../fakes/scripted-session.ts'
import type { Peer, ReceivedPdu, Script } from '../fakes/scripted-target.ts'

const READ = Buffer.from([0x88, ...Array(15).fill(0)])
const WRITE = Buffer.from([0x8a, ...Array(15).fill(0)])
const FAST = {
  loginMs: 2000,
  commandMs: 150,
  abortMs: 100,
  lunResetMs: 100,
  pingAfterMs: 60_000,
  pingBusyAfterMs: 60_000,
  logoutMs: 100,
}
const ittOf = ({ bhs }: ReceivedPdu): number => bhs.readUInt32BE(16)

const read = (session: Session, dataIn: Buffer = Buffer.alloc(512)) =>
  session.execute({ lun: 1, cdb: READ, dataIn })
const write = (session: Session, dataOut: Buffer) => session.execute({ lun: 1, cdb: WRITE, dataOut })
const pattern = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7) & 0xff))

test('reads data that comes in several PDUs', async () => {
  const session = await connect(async (peer) => {
    await peer.login()
    const itt = ittOf(await peer.expect(0x01))
    const data = pattern(1024)
    peer.dataIn(itt, data.subarray(0, 1000), { flags: 0 })
    peer.dataIn(itt, data.subarray(1000), { words: { 36: 1, 40: 1000 } })
  })
  const into = Buffer.alloc(1024)
  expect(await read(session, into)).toMatchObject({ status: 0, residualBytes: 0 })
  expect(into.equals(pattern(1024))).toBe(true)
})

test('takes a status in a PDU of its own, with sense', async () => {
  const session = await connect(async (peer) => {
    await peer.login()
    peer.scsiResponse(ittOf(await peer.expect(0x01)), 2, [3, 0x11, 0])
  })
  expect(await read(session)).toMatchObject({ status: 2, sense: { key: 3, asc: 0x11 } })
})

interface Written {
  readonly parts: { offset: number; bytes: number; tag: number; final: boolean; dataSn: number }[]
  data: Buffer
}

/** Takes one write and grants R2Ts of `burst` bytes for what is not sent unasked. */
async function takeWrite(peer: Peer, burst: number): Promise<Written> {
  const command = await peer.expect(0x01)
  const total = command.bhs.readUInt32BE(20)
  const written: Written = { parts: [], data: Buffer.alloc(total) }
  const note = ({ bhs, data }: ReceivedPdu, offset: number) => {
    data.copy(written.data, offset)
    const [tag, dataSn] = [bhs.readUInt32BE(20), bhs.readUInt32BE(36)]
    written.parts.push({ offset, bytes: data.length, tag, final: (bhs[1]! & 0x80) !== 0, dataSn })
    return data.length
  }
  let have = command.data.length
  command.data.copy(written.data)
  while ((command.bhs[1]! & 0x80) === 0 && written.parts.at(-1)?.final !== true) {
    have += note(await peer.expect(0x05), have)
  }
  for (let r2tSn = 0; have < total; r2tSn += 1) {
    peer.r2t(ittOf(command), 40 + r2tSn, [have, Math.min(burst, total - have), r2tSn])
    do {
      const out = await peer.expect(0x05)
      have += note(out, out.bhs.readUInt32BE(40))
    } while (!written.parts.at(-1)!.final)
  }
  peer.scsiResponse(ittOf(command))
  return written
}

test('sends the first burst unasked and the rest by R2T, in segments that the target takes', async () => {
  let written: Written | undefined
  const session = await connect(async (peer) => {
    await peer.login('InitialR2T=No ImmediateData=Yes FirstBurstLength=1024 MaxRecvDataSegmentLength=512')
    written = await takeWrite(peer, 1500)
  })
  await write(session, pattern(3000))
  expect(written!.data.equals(pattern(3000))).toBe(true)
  expect(written!.parts).toEqual([
    { offset: 512, bytes: 512, tag: 0xffffffff, final: true, dataSn: 0 },
    { offset: 1024, bytes: 512, tag: 40, final: false, dataSn: 0 },
    { offset: 1536, bytes: 512, tag: 40, final: false, dataSn: 1 },
    { offset: 2048, bytes: 476, tag: 40, final: true, dataSn: 2 },
    { offset: 2524, bytes: 476, tag: 41, final: true, dataSn: 0 },
  ])
})

test.each([
  ['InitialR2T=Yes ImmediateData=No', [[0, 700, 40]]],
  ['InitialR2T=Yes ImmediateData=Yes', []],
  ['InitialR2T=No ImmediateData=No', [[0, 700, 0xffffffff]]],
])('%s', async (keys, parts) => {
  let written: Written | undefined
  const session = await connect(async (peer) => {
    await peer.login(keys)
    written = await takeWrite(peer, 65536)
  })
  await write(session, pattern(700))
  expect(written!.data.equals(pattern(700))).toBe(true)
  expect(written!.parts.map(({ offset, bytes, tag }) => [offset, bytes, tag])).toEqual(parts)
})

test('sends no more commands than the window allows, across the wrap of the numbers', async () => {
  const taken: number[] = []
  const script: Script = async (peer) => {
    peer.window = 2
    await peer.login()
    for (let round = 0; round < 3; round += 1) {
      const pair = [await peer.expect(0x01), await peer.expect(0x01)]
      taken.push(...pair.map(({ bhs }) => bhs.readUInt32BE(24)))
      for (const pdu of pair) peer.dataIn(ittOf(pdu), Buffer.alloc(512))
    }
  }
  const session = await connect(script, { firstCmdSn: 0xfffffffe })
  await Promise.all(Array.from({ length: 6 }, () => read(session)))
  expect(taken).toEqual([0xfffffffe, 0xffffffff, 0, 1, 2, 3])
})

test.each([
  ['a long CDB', { cdb: Buffer.alloc(17), lun: 1 }],
  ['two directions', { cdb: READ, lun: 1, dataIn: Buffer.alloc(4), dataOut: Buffer.alloc(4) }],
  ['no valid LUN', { cdb: READ, lun: 16384 }],
])('refuses a command with %s', async (_, command) => {
  const session = await connect((peer) => peer.login())
  await expect(session.execute(command)).rejects.toMatchObject({ code: 'invalid_argument' })
})

test('refuses commands once too many wait', async () => {
  const script: Script = async (peer) => {
    peer.window = 1
    await peer.login()
    await peer.closed()
  }
  const session = await connect(script, { maxWaiting: 2 })
  const three = [read(session), read(session), read(session)]
  await expect(read(session)).rejects.toMatchObject({ code: 'queue_full' })
  session.destroy()
  for (const result of await Promise.allSettled(three))
    expect(result).toMatchObject({ reason: { code: 'closed' } })
})

test('a window that stays closed ends the session', async () => {
  const script: Script = async (peer) => {
    peer.window = 0
    await peer.login()
    await peer.closed()
  }
  const session = await connect(script, { timeouts: FAST })
  await expect(read(session)).rejects.toMatchObject({ code: 'timed_out' })
})

test('answers the pings of the target, with their tag and LUN', async () => {
  const answered = Promise.withResolvers<ReceivedPdu>()
  await connect(async (peer) => {
    await peer.login()
    peer.send({ opcode: 0x20, words: { 8: 0x00050000, 20: 77 } })
    answered.resolve(await peer.expect(0x00))
  })
  const { bhs } = await answered.promise
  expect([bhs.readUInt32BE(8), bhs.readUInt32BE(16), bhs.readUInt32BE(20)]).toEqual([
    0x00050000, 0xffffffff, 77,
  ])
})

test('pings a silent target, and gives it up when it does not answer', async () => {
  let pings = 0
  const ended = Promise.withResolvers<unknown>()
  const script: Script = async (peer) => {
    await peer.login()
    peer.sendStatus({ opcode: 0x20, itt: ittOf(await peer.expect(0x00)) })
    pings += 1
    await peer.expect(0x00)
    pings += 1
    await peer.closed()
  }
  await connect(script, { timeouts: { pingAfterMs: 30, pingMs: 60 }, onEnd: ended.resolve })
  expect(await ended.promise).toMatchObject({ code: 'timed_out' })
  expect(pings).toBe(2)
})

test('a target that is silent while a command is under way is pinged soon', async () => {
  const script: Script = async (peer) => {
    await peer.login()
    const command = await peer.expect(0x01)
    peer.sendStatus({ opcode: 0x20, itt: ittOf(await peer.expect(0x00)) })
    peer.sendStatus({ opcode: 0x21, itt: ittOf(command) })
  }
  const session = await connect(script, { timeouts: { ...FAST, commandMs: 60_000, pingBusyAfterMs: 20 } })
  await expect(session.execute({ lun: 1, cdb: Buffer.alloc(16) })).resolves.toMatchObject({ status: 0 })
})

test('a process that stood still trusts no answer that came in meanwhile', async () => {
  const script: Script = async (peer) => {
    await peer.login()
    peer.sendStatus({ opcode: 0x21, itt: ittOf(await peer.expect(0x01)) })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2100) // everything in this process stands still
    await peer.closed()
  }
  const session = await connect(script)
  const command = session.execute({ lun: 1, cdb: Buffer.alloc(16) })
  await expect(command).rejects.toMatchObject({ code: 'connection_lost' })
})

test('a command that takes too long is aborted', async () => {
  const script: Script = async (peer) => {
    await peer.login()
    const command = await peer.expect(0x01)
    const abort = await peer.expect(0x02)
    expect(abort.bhs[1]).toBe(0x81)
    expect(abort.bhs.readUInt32BE(20)).toBe(ittOf(command))
    expect(abort.bhs.readUInt32BE(32)).toBe(command.bhs.readUInt32BE(24))
    peer.sendStatus({ opcode: 0x22, itt: ittOf(abort) })
  }
  const session = await connect(script, { timeouts: FAST })
  await expect(read(session)).rejects.toMatchObject({ code: 'command_aborted' })
  expect(session.end).toBeUndefined()
})

test('if the abort does not help, the LUN is reset, which ends all of its commands', async () => {
  const script: Script = async (peer) => {
    await peer.login()
    const abort = await peer.expect(0x02)
    peer.sendStatus({ opcode: 0x22, itt: ittOf(abort), bytes: { 2: 255 } })
    const reset = await peer.expect(0x02)
    expect(reset.bhs[1]).toBe(0x85)
    peer.sendStatus({ opcode: 0x22, itt: ittOf(reset) })
  }
  const session = await connect(script, { timeouts: FAST })
  const both = await Promise.allSettled([read(session), read(session)])
  expect(both).toMatchObject([
    { reason: { code: 'command_aborted' } },
    { reason: { code: 'command_aborted' } },
  ])
  expect(session.end).toBeUndefined()
})

test('if nothing helps, the session ends', async () => {
  const script: Script = async (peer) => {
    await peer.login()
    await peer.closed()
  }
  const session = await connect(script, { timeouts: FAST })
  await expect(read(session)).rejects.toMatchObject({ code: 'timed_out' })
})

test('logs out when the target asks for it', async () => {
  const ended = Promise.withResolvers<unknown>()
  const script: Script = async (peer) => {
    await peer.login()
    peer.sendStatus({ opcode: 0x32, bytes: { 36: 1 } })
    peer.sendStatus({ opcode: 0x26, itt: ittOf(await peer.expect(0x06)) })
  }
  await connect(script, { onEnd: ended.resolve })
  expect(await ended.promise).toMatchObject({ code: 'session_ended' })
})

test('a logout is over in bounded time, whatever the target does', async () => {
  const script: Script = async (peer) => {
    await peer.login()
    await peer.closed()
  }
  const session = await connect(script, { timeouts: FAST })
  await session.logout()
  expect(session.end).toMatchObject({ code: 'closed' })
  await expect(read(session)).rejects.toMatchObject({ code: 'closed' })
})

test('news of a SCSI event, or of the window, changes nothing else', async () => {
  const session = await connect(async (peer) => {
    await peer.login()
    peer.sendStatus({ opcode: 0x32, bytes: { 36: 0 }, data: Buffer.alloc(20) })
    peer.send({ opcode: 0x20 })
    peer.dataIn(ittOf(await peer.expect(0x01)), Buffer.alloc(512))
  })
  expect(await read(session)).toMatchObject({ status: 0 })
})
