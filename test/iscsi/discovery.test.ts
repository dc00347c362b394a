import { expect, test } from 'vitest'
import { discoverTargets, isidOf } from '../../src/iscsi/index.ts'
import { type Script, ScriptedTarget } from '../fakes/scripted-target.ts'

async function discover(script: Script) {
  await using target = await ScriptedTarget.start(script)
  const timeouts = { logoutMs: 50, textMs: 500 }
  return await discoverTargets({ portal: target.portal, initiatorName: 'i', isid: isidOf('x'), timeouts })
}

/** Sends the text in parts, each asked for by an empty request with the tag of the part before. */
const inParts =
  (parts: readonly string[]): Script =>
  async (peer) => {
    await peer.login('')
    for (const [index, part] of parts.entries()) {
      const { bhs, data } = await peer.expect(0x04)
      if (index === 0) expect(data.toString()).toBe('SendTargets=All\0')
      else expect([data.length, bhs.readUInt32BE(20)]).toEqual([0, index])
      const last = index === parts.length - 1
      const words = { 20: last ? 0xffffffff : index + 1 }
      const itt = bhs.readUInt32BE(16)
      peer.sendStatus({ opcode: 0x24, flags: last ? 0x80 : 0x40, itt, words, data: Buffer.from(part) })
    }
    peer.sendStatus({ opcode: 0x26, itt: (await peer.expect(0x06)).bhs.readUInt32BE(16) })
  }

test('puts an answer together that comes in parts', async () => {
  const parts = [
    'TargetName=a\0TargetAdd',
    'ress=10.0.0.1:3260,1\0TargetAddress=[fe80::1],2\0',
    'TargetName=b\0',
  ]
  expect(await discover(inParts(parts))).toEqual([
    {
      targetName: 'a',
      portals: [
        { address: '10.0.0.1', port: 3260, groupTag: 1 },
        { address: 'fe80::1', port: 3260, groupTag: 2 },
      ],
    },
    { targetName: 'b', portals: [] },
  ])
})

test('a portal without targets', async () => {
  expect(await discover(inParts(['']))).toEqual([])
})

test('an address that is none', async () => {
  const answer = inParts(['TargetName=a\0TargetAddress=:::\0'])
  await expect(discover(answer)).rejects.toMatchObject({ code: 'protocol_error' })
})

test('an answer without end', async () => {
  const endless: Script = async (peer) => {
    await peer.login('')
    for (;;) {
      const itt = (await peer.expect(0x04)).bhs.readUInt32BE(16)
      const data = Buffer.alloc(100_000, 0x61)
      peer.sendStatus({ opcode: 0x24, flags: 0x40, itt, words: { 20: 1 }, data })
    }
  }
  await expect(discover(endless)).rejects.toMatchObject({ code: 'limit_exceeded' })
})

test('no answer', async () => {
  const silent: Script = async (peer) => {
    await peer.login('')
    await peer.closed()
  }
  await expect(discover(silent)).rejects.toMatchObject({ code: 'timed_out' })
})
