import { expect, test } from 'vitest'
import { connect } from '../fakes/scripted-session.ts'
import type { Peer, Script } from '../fakes/scripted-target.ts'

/**
 * A target that breaks the rules while a command is under way: the command ends with a typed error, at once, and not one
 * byte lands outside of its buffer.
 */

const BYTES = 1024
const GUARD = 64
const READ = Buffer.from([0x88, ...Array(15).fill(0)])
const WRITE = Buffer.from([0x8a, ...Array(15).fill(0)])
const KEYS = 'InitialR2T=Yes ImmediateData=No MaxBurstLength=1024 MaxRecvDataSegmentLength=512'

type Wrong = (peer: Peer, itt: number) => void

async function outcome(wrong: Wrong, kind: 'read' | 'write', keys = KEYS): Promise<unknown> {
  const script: Script = async (peer) => {
    await peer.login(keys)
    const { bhs } = await peer.expect(0x01)
    wrong(peer, bhs.readUInt32BE(16))
    await peer.closed()
  }
  const session = await connect(script, {
    offer: { headerDigest: true, dataDigest: true },
    timeouts: { commandMs: 300, abortMs: 100, lunResetMs: 100 },
  })
  const memory = Buffer.alloc(BYTES + 2 * GUARD, 0xee)
  const buffer = memory.subarray(GUARD, GUARD + BYTES)
  const command = kind === 'read' ? { cdb: READ, dataIn: buffer } : { cdb: WRITE, dataOut: buffer }
  const result = await session.execute({ lun: 1, ...command }).catch((error) => error)
  expect(memory.subarray(0, GUARD).every((byte) => byte === 0xee)).toBe(true)
  expect(memory.subarray(GUARD + BYTES).every((byte) => byte === 0xee)).toBe(true)
  expect(session.end).toBe(result)
  return result
}

const data = (bytes: number) => Buffer.alloc(bytes, 0x11)

test.each<[string, Wrong]>([
  ['sends data beyond the buffer', (peer, itt) => peer.dataIn(itt, data(BYTES + 4))],
  [
    'sends data at an offset beyond the buffer',
    (peer, itt) => peer.dataIn(itt, data(512), { words: { 40: BYTES } }),
  ],
  [
    'sends data at an offset near 2^32',
    (peer, itt) => peer.dataIn(itt, data(512), { words: { 40: 0xfffffff0 } }),
  ],
  ['leaves a hole in the data', (peer, itt) => peer.dataIn(itt, data(512), { words: { 40: 512 } })],
  [
    'repeats data',
    (peer, itt) => {
      peer.dataIn(itt, data(512), { flags: 0 })
      peer.dataIn(itt, data(512), { flags: 0, words: { 36: 1 } })
    },
  ],
  ['skips a DataSN', (peer, itt) => peer.dataIn(itt, data(512), { words: { 36: 1 } })],
  ['calls a read good without its data', (peer, itt) => peer.scsiResponse(itt)],
  ['calls a read good with half its data', (peer, itt) => peer.dataIn(itt, data(512))],
  [
    'lies about what is missing',
    (peer, itt) => peer.dataIn(itt, data(512), { flags: 0x83, words: { 44: 4096 } }),
  ],
  ['answers an unknown task', (peer, itt) => peer.scsiResponse(itt + 1)],
  ['sends data of an unknown task', (peer, itt) => peer.dataIn(itt + 1, data(512))],
  [
    'answers twice',
    (peer, itt) => {
      peer.scsiResponse(itt + 1)
      peer.dataIn(itt, data(BYTES))
    },
  ],
  [
    'skips a StatSN',
    (peer, itt) => {
      peer.statSn += 1
      peer.dataIn(itt, data(BYTES))
    },
  ],
  ['asks for data of a read', (peer, itt) => peer.r2t(itt, 1, [0, 512, 0])],
  [
    'expects commands that were not sent',
    (peer, itt) => {
      peer.expCmdSn += 9
      peer.dataIn(itt, data(BYTES))
    },
  ],
  ['sends an unknown PDU', (peer) => peer.send({ opcode: 0x2a })],
  ['sends a PDU of an initiator', (peer) => peer.send({ opcode: 0x01 })],
  [
    'answers a task management request that was not sent',
    (peer) => peer.sendStatus({ opcode: 0x22, itt: 0 }),
  ],
  ['answers a logout that was not sent', (peer) => peer.sendStatus({ opcode: 0x26, itt: 0 })],
  ['answers a ping that was not sent', (peer) => peer.sendStatus({ opcode: 0x20, itt: 5 })],
  ['logs in again', (peer) => peer.send({ opcode: 0x23 })],
])('a target that %s breaks the protocol', async (_, wrong) => {
  expect(await outcome(wrong, 'read')).toMatchObject({ code: 'protocol_error' })
})

test.each<[string, Wrong]>([
  ['asks for data beyond the buffer', (peer, itt) => peer.r2t(itt, 1, [0, BYTES + 4, 0])],
  ['asks for data at an offset beyond the buffer', (peer, itt) => peer.r2t(itt, 1, [BYTES, 512, 0])],
  ['asks for nothing', (peer, itt) => peer.r2t(itt, 1, [0, 0, 0])],
  ['asks for 4 GiB', (peer, itt) => peer.r2t(itt, 1, [0, 0xffffffff, 0])],
  ['skips an R2TSN', (peer, itt) => peer.r2t(itt, 1, [0, 512, 1])],
  ['asks for the end first', (peer, itt) => peer.r2t(itt, 1, [512, 512, 0])],
  [
    'asks for the same twice',
    (peer, itt) => {
      peer.r2t(itt, 1, [0, 512, 0])
      peer.r2t(itt, 1, [0, 512, 1])
    },
  ],
  ['asks for data of a dead task', (peer, itt) => peer.r2t(itt + 7, 1, [0, 512, 0])],
  ['sends data for a write', (peer, itt) => peer.dataIn(itt, data(16))],
  ['sends an empty Data-In for a write', (peer, itt) => peer.dataIn(itt, data(0))],
  ['calls a write good without its data', (peer, itt) => peer.scsiResponse(itt)],
])('a target that %s breaks the protocol of a write', async (_, wrong) => {
  expect(await outcome(wrong, 'write')).toMatchObject({ code: 'protocol_error' })
})

test.each<[string, string, Wrong]>([
  [
    'rejects',
    'rejected',
    (peer) => peer.sendStatus({ opcode: 0x3f, bytes: { 2: 4 }, data: Buffer.alloc(48) }),
  ],
  ['drops the connection', 'session_ended', (peer) => peer.sendStatus({ opcode: 0x32, bytes: { 36: 2 } })],
  ['drops all connections', 'session_ended', (peer) => peer.sendStatus({ opcode: 0x32, bytes: { 36: 3 } })],
  [
    'wants to negotiate again',
    'session_ended',
    (peer) => peer.sendStatus({ opcode: 0x32, bytes: { 36: 4 } }),
  ],
  ['closes', 'connection_lost', (peer) => peer.close()],
  [
    'closes in the middle of a PDU',
    'connection_lost',
    (peer, itt) => {
      const pdu = peer.encode({ opcode: 0x25, flags: 0x81, itt, data: data(BYTES), words: { 36: 0, 40: 0 } })
      peer.socket.end(pdu.subarray(0, 200))
    },
  ],
  [
    'stalls in the middle of a PDU',
    'timed_out',
    (peer, itt) => {
      const pdu = peer.encode({ opcode: 0x25, flags: 0x81, itt, data: data(BYTES), words: { 36: 0, 40: 0 } })
      peer.raw(pdu.subarray(0, 200))
    },
  ],
  [
    'announces more than it may send',
    'limit_exceeded',
    (peer) => {
      const bhs = peer.encode({ opcode: 0x25 })
      bhs.writeUIntBE(0x7fffff, 5, 3)
      peer.raw(bhs)
    },
  ],
  [
    'sends a long additional header',
    'limit_exceeded',
    (peer) => {
      const bhs = peer.encode({ opcode: 0x25 })
      bhs[4] = 0xff
      peer.raw(bhs)
    },
  ],
])('a target that %s: %s', async (_, code, wrong) => {
  expect(await outcome(wrong, 'read')).toMatchObject({ code })
})

const DIGESTS = `${KEYS} HeaderDigest=CRC32C DataDigest=CRC32C`

test.each<[string, Wrong]>([
  [
    'header',
    (peer) => {
      peer.spoilHeaderDigest = true
    },
  ],
  [
    'data',
    (peer) => {
      peer.spoilDataDigest = true
    },
  ],
])('a wrong %s digest ends the session', async (_, spoil) => {
  const wrong: Wrong = (peer, itt) => {
    spoil(peer, itt)
    peer.dataIn(itt, data(BYTES))
  }
  expect(await outcome(wrong, 'read', DIGESTS)).toMatchObject({ code: 'digest_error' })
})

test('a flood of pings that nobody reads the answers to is cut off', async () => {
  const flood: Wrong = (peer) => {
    const ping = peer.encode({ opcode: 0x20, words: { 20: 1 } })
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => ping))
    peer.socket.pause()
    for (let round = 0; round < 20; round += 1) peer.raw(many)
  }
  expect(await outcome(flood, 'read')).toMatchObject({
    code: expect.stringMatching(/limit_exceeded|timed_out/),
  })
})
