import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import {
  type DiskState,
  isidOf,
  ReconnectingDisk,
  type ReconnectingDiskOptions,
} from '../../src/iscsi/index.ts'
import { MEMORY_LUN, MemoryLun } from '../fakes/memory-lun.ts'
import { type Peer, type Script, ScriptedTarget } from '../fakes/scripted-target.ts'

const BLOCK = 512
const pattern = (bytes: number, seed = 1): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 13 + seed) & 0xff))

interface Opened {
  readonly disk: ReconnectingDisk
  readonly target: ScriptedTarget
  readonly states: DiskState[]
}

async function open(
  script: Script,
  lun: MemoryLun,
  more: Partial<ReconnectingDiskOptions> = {},
): Promise<Opened> {
  const target = await ScriptedTarget.start(script)
  onTestFinished(() => target[Symbol.asyncDispose]())
  const states: DiskState[] = []
  const disk = await ReconnectingDisk.open({
    portals: [target.portal],
    targetName: 'iqn.test:target',
    initiatorName: 'iqn.test:initiator',
    isid: isidOf('test'),
    lun: MEMORY_LUN,
    expected: { serial: lun.serial, naa: lun.naa },
    timeouts: { closeMs: 500, logoutMs: 100 },
    onState: (state) => states.push(state),
    ...more,
  })
  onTestFinished(() => disk.close().catch(() => {}))
  return { disk, target, states }
}

const serve =
  (lun: MemoryLun): Script =>
  async (peer) => {
    await peer.login()
    await lun.serve(peer)
  }

/** Closes the first connections at their n-th write or read; later ones are good. */
function failing(lun: MemoryLun, connections: number, when: (opcode: number) => boolean): Script {
  return async (peer: Peer, connection: number) => {
    await peer.login()
    await lun.serve(peer, ({ opcode, bhs }) => {
      const fails = connection <= connections && opcode === 0x01 && when(bhs[32]!)
      if (fails) peer.close()
      return fails
    })
  }
}

test('reads what was written, in requests larger than a burst too', async () => {
  const lun = new MemoryLun()
  const script: Script = async (peer) => {
    await peer.login('InitialR2T=No ImmediateData=Yes MaxBurstLength=65536 MaxRecvDataSegmentLength=4096')
    await lun.serve(peer)
  }
  const { disk } = await open(script, lun)
  expect([disk.blockSize, disk.sizeBytes, disk.readOnly]).toEqual([BLOCK, 1024 * 1024, false])
  const data = pattern(200_192)
  await disk.write(3 * BLOCK, data)
  const back = Buffer.alloc(data.length)
  await disk.read(3 * BLOCK, back)
  expect(back.equals(data)).toBe(true)
  expect(lun.opcodes.filter((opcode) => opcode === 0x8a)).toHaveLength(4)
})

test('drains attentions, checks who the LUN is, resets it, and only then reads its size', async () => {
  const lun = new MemoryLun()
  lun.attentions.push([6, 0x29, 0], [6, 0x29, 7])
  await open(serve(lun), lun)
  expect(lun.opcodes.slice(0, 6)).toEqual([0x00, 0x00, 0x00, 0x12, 0x12, 0x9e])
  expect(lun.resets).toBe(1)
})

test('does not reset a LUN that others write to', async () => {
  const lun = new MemoryLun()
  await open(serve(lun), lun, { shared: true })
  expect(lun.resets).toBe(0)
})

test.each([
  ['serial', { serial: 'other' }],
  ['NAA', { naa: '6001405500000000000000000000000f' }],
])('does not open a LUN of another %s, and does not reset it', async (_, other) => {
  const lun = new MemoryLun()
  const expected = { serial: lun.serial, naa: lun.naa, ...other }
  await expect(open(serve(lun), lun, { expected })).rejects.toMatchObject({ code: 'identity_mismatch' })
  expect(lun.resets).toBe(0)
})

test('requests wait for a lost connection and are sent again, all of them, to the LUN proven the same', async () => {
  const lun = new MemoryLun()
  const { disk, target, states } = await open(
    failing(lun, 2, (cdb) => cdb === 0x8a),
    lun,
  )
  const writes = Array.from({ length: 8 }, (_, index) => disk.write(index * 4096, pattern(4096, index)))
  await Promise.all(writes)
  for (let index = 0; index < 8; index += 1) {
    expect(lun.data.subarray(index * 4096, index * 4096 + 4096).equals(pattern(4096, index))).toBe(true)
  }
  expect(target.connections).toBe(3)
  expect(lun.resets).toBe(3)
  expect(states.map(({ kind }) => kind)).toEqual([
    'online',
    'reconnecting',
    'online',
    'reconnecting',
    'online',
  ])
})

test('stops for ever when the LUN is another one after a reconnect', async () => {
  const lun = new MemoryLun()
  const script = failing(lun, 1, (cdb) => {
    if (cdb === 0x8a) lun.serial = 'another'
    return cdb === 0x8a
  })
  const { disk, target, states } = await open(script, lun)
  await expect(disk.write(0, pattern(BLOCK))).rejects.toMatchObject({ code: 'identity_mismatch' })
  await expect(disk.read(0, Buffer.alloc(BLOCK))).rejects.toMatchObject({ code: 'identity_mismatch' })
  expect(states.at(-1)).toMatchObject({ kind: 'stopped' })
  expect(lun.data.every((byte) => byte === 0)).toBe(true)
  expect([target.connections, lun.resets]).toEqual([2, 1])
})

test('a LUN that is gone is waited for, and its identity checked when it is back', async () => {
  const lun = new MemoryLun()
  const { disk, target, states } = await open(serve(lun), lun)
  lun.gone = true
  const write = disk.write(0, pattern(BLOCK))
  while (states.at(-1)?.kind !== 'lun_gone') await delay(5)
  lun.gone = false
  await write
  expect(lun.data.subarray(0, BLOCK).equals(pattern(BLOCK))).toBe(true)
  expect(target.connections).toBe(1)
  expect(lun.opcodes.filter((opcode) => opcode === 0x12).length).toBeGreaterThanOrEqual(8)
})

test('a LUN that is gone after a reconnect is still reset before it is used again', async () => {
  const lun = new MemoryLun()
  const script = failing(lun, 1, (cdb) => {
    if (cdb === 0x8a) lun.gone = true
    return cdb === 0x8a
  })
  const { disk, states } = await open(script, lun)
  const write = disk.write(0, pattern(BLOCK))
  while (states.at(-1)?.kind !== 'lun_gone') await delay(5)
  expect(lun.resets).toBe(1)
  lun.gone = false
  await write
  expect(lun.resets).toBe(2)
})

test('a LUN that stays gone fails the requests, if there is a limit', async () => {
  const lun = new MemoryLun()
  const { disk } = await open(serve(lun), lun, { timeouts: { lunGoneMs: 100, closeMs: 100, logoutMs: 100 } })
  lun.gone = true
  await expect(disk.write(0, pattern(BLOCK))).rejects.toMatchObject({ code: 'lun_gone' })
  lun.gone = false
  await disk.write(0, pattern(BLOCK))
})

test('news that the LUNs changed has the identity checked before the request is sent again', async () => {
  const lun = new MemoryLun()
  const { disk, states } = await open(serve(lun), lun)
  lun.attentions.push([6, 0x3f, 0x0e])
  lun.serial = 'another'
  await expect(disk.write(0, pattern(BLOCK))).rejects.toMatchObject({ code: 'identity_mismatch' })
  expect(states.at(-1)).toMatchObject({ kind: 'stopped' })
})

test('a new size is taken over when the target tells', async () => {
  const lun = new MemoryLun()
  const { disk } = await open(serve(lun), lun)
  lun.data = Buffer.concat([lun.data, lun.data])
  lun.attentions.push([6, 0x2a, 9])
  await disk.write(0, pattern(BLOCK))
  expect(await disk.refreshSize()).toBe(2 * 1024 * 1024)
  expect(disk.sizeBytes).toBe(2 * 1024 * 1024)
})

test.each([
  ['hardware error', [4, 0x44, 0], 'scsi_error'],
  ['write protection', [7, 0x27, 0], 'write_protected'],
] as const)('a %s is an error of the request alone', async (_, sense, code) => {
  const lun = new MemoryLun()
  const { disk } = await open(serve(lun), lun)
  lun.attentions.push(sense)
  await expect(disk.write(0, pattern(BLOCK))).rejects.toMatchObject({ code })
  await disk.write(0, pattern(BLOCK))
})

test('zeroes are written plainly where the target can do nothing better', async () => {
  const lun = new MemoryLun()
  lun.data.fill(7)
  const { disk } = await open(serve(lun), lun)
  await disk.discard(BLOCK, BLOCK)
  await disk.writeZeroes(4 * BLOCK, 2 * BLOCK)
  const zeroed = [...lun.data.keys()].filter((at) => lun.data[at] === 0)
  expect([zeroed.length, zeroed[0], zeroed.at(-1)]).toEqual([3 * BLOCK, BLOCK, 6 * BLOCK - 1])
})

test('a target that is found not to know a command does without it', async () => {
  const lun = new MemoryLun()
  lun.data.fill(7)
  const { disk } = await open(serve(lun), lun)
  lun.attentions.push([5, 0x20, 0])
  await disk.flush()
  await disk.flush()
  expect(lun.opcodes.filter((opcode) => opcode === 0x91)).toHaveLength(1)
})

test.each([
  [1, BLOCK],
  [0, 100],
  [1024 * 1024, BLOCK],
  [-BLOCK, BLOCK],
])('refuses a request at %i of %i bytes', async (offset, bytes) => {
  const lun = new MemoryLun()
  const { disk } = await open(serve(lun), lun)
  await expect(disk.read(offset, Buffer.alloc(bytes))).rejects.toMatchObject({ code: 'invalid_argument' })
})

test.each([
  [3, 0x11, 0],
  [7, 0x27, 7],
] as const)(
  'a write that finds no space (sense %i/%i/%i) is tried again until there is some',
  async (...sense) => {
    const lun = new MemoryLun()
    const { disk } = await open(serve(lun), lun, { timeouts: { retryWriteMs: 1 } })
    lun.attentions.push(sense, sense, sense)
    lun.opcodes.length = 0
    await disk.write(0, pattern(BLOCK))
    expect(lun.opcodes).toEqual([0x8a, 0x8a, 0x8a, 0x8a])
    expect(lun.data.subarray(0, BLOCK).equals(pattern(BLOCK))).toBe(true)
  },
)

test('a write that never finds space fails in the end', async () => {
  const lun = new MemoryLun()
  const { disk } = await open(serve(lun), lun, { timeouts: { retryWriteMs: 1 } })
  lun.attentions.push(...Array.from({ length: 61 }, () => [3, 0x11, 0] as const))
  await expect(disk.write(0, pattern(BLOCK))).rejects.toMatchObject({ code: 'scsi_error', sense: { key: 3 } })
  await disk.write(0, pattern(BLOCK))
})

test('a read or a flush that meets a broken medium is not tried again', async () => {
  const lun = new MemoryLun()
  const { disk } = await open(serve(lun), lun, { timeouts: { retryWriteMs: 1 } })
  for (const attempt of [() => disk.read(0, Buffer.alloc(BLOCK)), () => disk.flush()]) {
    lun.attentions.push([3, 0x11, 0])
    await expect(attempt()).rejects.toMatchObject({ code: 'scsi_error' })
  }
})

test('close flushes and logs out; nothing works afterwards', async () => {
  const lun = new MemoryLun()
  const { disk, states } = await open(serve(lun), lun)
  const write = disk.write(0, pattern(BLOCK))
  await disk.close()
  await write
  expect(lun.flushes).toBe(1)
  expect(states.at(-1)).toEqual({ kind: 'closed' })
  await expect(disk.write(0, pattern(BLOCK))).rejects.toMatchObject({ code: 'closed' })
})

test('close lets go of a target that is away, and says so', async () => {
  const lun = new MemoryLun()
  const { disk, target } = await open(
    failing(lun, 99, (cdb) => cdb === 0x8a),
    lun,
  )
  const write = disk.write(0, pattern(BLOCK))
  write.catch(() => {})
  await target[Symbol.asyncDispose]()
  await expect(disk.close()).rejects.toMatchObject({ code: 'timed_out' })
  await expect(write).rejects.toMatchObject({ code: 'closed' })
})
