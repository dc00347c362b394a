import { randomBytes } from 'node:crypto'
import { stat, truncate } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type DiskState,
  isidOf,
  ReconnectingDisk,
  type ReconnectingDiskOptions,
} from '../../src/iscsi/index.ts'
import { Tgtd } from '../support/tgtd.ts'

const MIB = 1024 ** 2
const LUN = 1
const FAST = { MaxRecvDataSegmentLength: '262144', InitialR2T: 'No', MaxBurstLength: '1048576' }

let tgtd: Tgtd
let disks = 0

beforeAll(async () => {
  tgtd = await Tgtd.start()
})
afterAll(() => tgtd?.[Symbol.asyncDispose]())

interface Exported {
  readonly name: string
  readonly tid: number
  readonly path: string
  readonly identity: { readonly serial: string; readonly naa: string }
  readonly export: () => Promise<void>
}

async function makeDisk(
  sizeBytes: number,
  lun: { blockSize?: number; readOnly?: boolean } = {},
): Promise<Exported> {
  disks += 1
  const name = `iqn.2026-01.storage.mooring.test:disk-${disks}`
  const tid = await tgtd.addTarget(name, FAST)
  const path = await tgtd.file(`disk-${disks}`, sizeBytes)
  const identity = { serial: `disk${disks}`, naa: `6${randomBytes(16).toString('hex').slice(1)}` }
  const exportLun = () => tgtd.addLun(tid, { lun: LUN, path, ...identity, ...lun })
  await exportLun()
  return { name, tid, path, identity, export: exportLun }
}

function open(exported: Exported, more: Partial<ReconnectingDiskOptions> = {}): Promise<ReconnectingDisk> {
  return ReconnectingDisk.open({
    portals: [{ address: '127.0.0.1', port: tgtd.port, groupTag: 1 }],
    targetName: exported.name,
    initiatorName: 'iqn.2026-01.test:initiator',
    isid: isidOf(exported.name),
    lun: LUN,
    expected: exported.identity,
    ...more,
  })
}

async function readBack(disk: ReconnectingDisk, offset: number, bytes: number): Promise<Buffer> {
  const into = Buffer.alloc(bytes, 0xee)
  await disk.read(offset, into)
  return into
}

/** Keeps writing random blocks, and knows what each block must hold. */
class VerifiedWriter {
  readonly #disk: ReconnectingDisk
  readonly #expected = new Map<number, Buffer>()
  #stop = false
  writes = 0

  constructor(disk: ReconnectingDisk) {
    this.#disk = disk
  }

  /** One of several workers; each has blocks of its own. */
  async work(worker: number, workers: number): Promise<void> {
    for (let round = 0; !this.#stop; round += 1) {
      const data = randomBytes(4096)
      const offset = (((round * 7) % 64) * workers + worker) * 4096
      await this.#disk.write(offset, data)
      this.#expected.set(offset, data)
      this.writes += 1
      const back = await readBack(this.#disk, offset, 4096)
      expect(back.equals(data)).toBe(true)
    }
  }

  stop(): void {
    this.#stop = true
  }

  async verify(): Promise<void> {
    for (const [offset, data] of this.#expected)
      expect((await readBack(this.#disk, offset, 4096)).equals(data)).toBe(true)
  }
}

async function underLoad(disk: ReconnectingDisk, disturb: () => Promise<void>): Promise<void> {
  const writer = new VerifiedWriter(disk)
  const workers = Array.from({ length: 16 }, (_, index) => writer.work(index, 16))
  const loaded = Promise.all(workers)
  loaded.catch(() => {}) // told below
  try {
    await disturb()
    const before = writer.writes
    while (writer.writes < before + 100) await Promise.race([delay(5), loaded])
  } finally {
    writer.stop()
    await loaded
  }
  await writer.verify()
}

test.each([512, 4096])('reads, writes, flushes, discards and zeroes (blocks of %i)', async (blockSize) => {
  const exported = await makeDisk(64 * MIB, { blockSize })
  const disk = await open(exported)
  expect([disk.sizeBytes, disk.blockSize, disk.readOnly]).toEqual([64 * MIB, blockSize, false])
  const data = randomBytes(8 * MIB)
  await disk.write(MIB, data)
  await disk.flush()
  expect((await readBack(disk, MIB, data.length)).equals(data)).toBe(true)

  const used = (await stat(exported.path)).blocks
  await disk.discard(2 * MIB, 4 * MIB)
  await disk.writeZeroes(MIB, 2 * 4096)
  data.fill(0, MIB, 5 * MIB).fill(0, 0, 2 * 4096)
  expect((await readBack(disk, MIB, data.length)).equals(data)).toBe(true)
  expect((await stat(exported.path)).blocks).toBeLessThan(used - (3 * MIB) / 512)
  await disk.close()
})

test('digests', async () => {
  const exported = await makeDisk(16 * MIB)
  for (const key of ['HeaderDigest', 'DataDigest']) {
    const at = ['--mode', 'target', '--tid', String(exported.tid)]
    await tgtd.admin('--op', 'update', ...at, '-n', key, '-v', 'CRC32C')
  }
  const disk = await open(exported, { digests: { header: true, data: true } })
  const data = randomBytes(5 * MIB)
  await disk.write(0, data)
  expect((await readBack(disk, 0, data.length)).equals(data)).toBe(true)
  await disk.close()
})

test('addresses a disk of more than 2 TiB, and discards all of it', async () => {
  const sizeBytes = 5 * 1024 ** 4
  const exported = await makeDisk(sizeBytes)
  const disk = await open(exported)
  expect(disk.sizeBytes).toBe(sizeBytes)
  const offsets = [0, 2 * 1024 ** 4 - 4096, 2 * 1024 ** 4, 4 * 1024 ** 4, sizeBytes - 4096]
  const data = offsets.map(() => randomBytes(4096))
  for (const [index, offset] of offsets.entries()) await disk.write(offset, data[index]!)
  for (const [index, offset] of offsets.entries()) {
    expect((await readBack(disk, offset, 4096)).equals(data[index]!)).toBe(true)
  }
  await disk.discard(0, sizeBytes)
  for (const offset of offsets)
    expect((await readBack(disk, offset, 4096)).equals(Buffer.alloc(4096))).toBe(true)
  await disk.close()
})

test('a disk that the target protects', async () => {
  const disk = await open(await makeDisk(MIB, { readOnly: true }))
  expect(disk.readOnly).toBe(true)
  await expect(disk.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'write_protected' })
  await readBack(disk, 0, 512)
  await disk.close()
})

test('sessions kicked under load', async () => {
  const exported = await makeDisk(64 * MIB)
  let online = 0
  const onState = ({ kind }: DiskState) => {
    if (kind === 'online') online += 1
  }
  const disk = await open(exported, { onState })
  await underLoad(disk, async () => {
    for (let kick = 1; kick <= 8; kick += 1) {
      const before = online
      await tgtd.kickSessions(exported.tid)
      while (online === before) await delay(5)
      await delay(50)
    }
  })
  expect(online).toBeGreaterThanOrEqual(9)
  await disk.close()
})

test('grown under load, the safe way', async () => {
  const exported = await makeDisk(64 * MIB)
  const disk = await open(exported)
  await underLoad(disk, async () => {
    await tgtd.setState(exported.tid, 'offline')
    await tgtd.kickSessions(exported.tid)
    await tgtd.removeLun(exported.tid, LUN)
    await truncate(exported.path, 128 * MIB)
    await exported.export()
    await tgtd.setState(exported.tid, 'ready')
    while ((await disk.refreshSize()) !== 128 * MIB) await delay(5)
  })
  expect(disk.sizeBytes).toBe(128 * MIB)
  await disk.close()
})

test('another LUN in the place of the first stops the disk, and is not written to', async () => {
  const exported = await makeDisk(MIB)
  const disk = await open(exported)
  await disk.write(0, Buffer.alloc(4096, 1))
  await tgtd.setState(exported.tid, 'offline')
  await tgtd.kickSessions(exported.tid)
  await tgtd.removeLun(exported.tid, LUN)
  const other = await tgtd.file('other', MIB)
  await tgtd.addLun(exported.tid, { lun: LUN, path: other, serial: 'other', naa: exported.identity.naa })
  await tgtd.setState(exported.tid, 'ready')
  await expect(disk.write(0, Buffer.alloc(4096, 2))).rejects.toMatchObject({ code: 'identity_mismatch' })
  await expect(readBack(disk, 0, 512)).rejects.toMatchObject({ code: 'identity_mismatch' })
  expect((await stat(other)).blocks).toBe(0)
  await disk.close().catch(() => {})
})

/** A disk on a daemon of its own, which the test may then maltreat. */
async function openAlone(own: Tgtd, more: Partial<ReconnectingDiskOptions>) {
  const name = 'iqn.2026-01.storage.mooring.test:alone'
  const identity = { serial: 'alone', naa: '60014055a1b2c3d4e5f60718293a4b5c' }
  const path = await own.file('disk', 64 * MIB)
  const exportDisk = async () => {
    // Open only when the LUN has its identity: a disk that comes back in between would be refused for good.
    const tid = await own.addShutTarget(name, FAST)
    await own.addLun(tid, { lun: LUN, path, ...identity })
    await own.openTarget(tid)
  }
  await exportDisk()
  const portals = [{ address: '127.0.0.1', port: own.port, groupTag: 1 }]
  const kinds = new Set<string>()
  const onState = (state: DiskState) => kinds.add('error' in state ? state.error.code : state.kind)
  const exported = { name, tid: 1, path, identity, export: exportDisk }
  return { disk: await open(exported, { portals, onState, ...more }), kinds, exportDisk }
}

test('the daemon dies under load and comes back', async () => {
  await using own = await Tgtd.start()
  const { disk, kinds, exportDisk } = await openAlone(own, {})
  await underLoad(disk, async () => {
    await own.restart()
    await delay(300)
    await exportDisk()
  })
  expect([...kinds]).toEqual(expect.arrayContaining(['connection_lost', 'online']))
  await disk.close()
})

test('the daemon stands still under load, and goes on', async () => {
  await using own = await Tgtd.start()
  const { disk, kinds } = await openAlone(own, { timeouts: { pingAfterMs: 50, pingMs: 100, loginMs: 200 } })
  await underLoad(disk, async () => {
    process.kill(own.pid, 'SIGSTOP')
    while (!kinds.has('timed_out')) await delay(5)
    process.kill(own.pid, 'SIGCONT')
  })
  await disk.close()
})
