import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IscsiError } from '../../src/iscsi/index.ts'
import { connect } from '../fakes/scripted-session.ts'
import type { PduFields } from '../fakes/scripted-target.ts'

const cdb = Buffer.alloc(16)

/** PDUs that are nearly right: known types and tags, and anything else. */
const nearlyRight = fc.record({
  opcode: fc.constantFrom(0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f, 0x11),
  flags: fc.nat(255),
  itt: fc.constantFrom(0, 1, 2, 0xffffffff),
  data: fc.uint8Array({ maxLength: 700 }),
  words: fc.dictionary(
    fc.constantFrom('20', '24', '28', '32', '36', '40', '44'),
    fc.oneof(fc.nat(600), fc.nat(0xffffffff)),
  ),
})

test('whatever a target sends, every command ends, and only its own buffer is written', async () => {
  const property = fc.asyncProperty(fc.array(nearlyRight, { maxLength: 8 }), async (pdus) => {
    const session = await connect(async (peer) => {
      await peer.login()
      await peer.expect(0x01)
      for (const pdu of pdus) peer.send(pdu as PduFields)
      peer.socket.end()
    })
    const memory = Buffer.alloc(1536, 0xee)
    const results = await Promise.allSettled([
      session.execute({ lun: 1, cdb, dataIn: memory.subarray(512, 1024) }),
      session.execute({ lun: 1, cdb, dataOut: Buffer.alloc(700) }),
    ])
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(IscsiError)
    }
    const outside = Buffer.concat([memory.subarray(0, 512), memory.subarray(1024)])
    expect(outside.every((byte) => byte === 0xee)).toBe(true)
    session.destroy()
  })
  await fc.assert(property, { numRuns: 150 })
})
