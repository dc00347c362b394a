import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../../src/host/exec.ts'
import { findTgtd } from '../../../../src/host/targets/tgt/process.ts'
import { createTgtTarget, type TgtOptions } from '../../../../src/host/targets/tgt/target.ts'
import { write16 } from '../../../../src/iscsi/cdb.ts'
import { Lun } from '../../../../src/iscsi/lun.ts'
import type { Export, Target } from '../../../../src/volumegroups/index.ts'
import { newExport } from '../../../contract/target.ts'
import { freePort } from '../../../support/tgtd.ts'
import { temporaryPool } from '../../stores/btrfs/temporary-pool.ts'
import { attach, login, look } from './visitor.ts'

const MIB = 1024 * 1024
const BLOCKS = 64

let directory: string
let place: TgtOptions
let target: Target

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-pause-'))
  const portal = { address: '127.0.0.1', port: await freePort() }
  place = { runDir: join(directory, 'run'), portal, fenceTimeoutMs: 1000, log: pino({ level: 'silent' }) }
  target = createTgtTarget(place)
  await target.start([])
})
afterAll(async () => {
  await target?.[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

let files = 0
async function makeBacking(): Promise<string> {
  const path = join(directory, `file-${++files}`)
  await using file = await open(path, 'w')
  await file.truncate(8 * MIB)
  return path
}

async function granted(changes: Partial<Export> = {}): Promise<Export> {
  const one = await newExport(() => ({ makeBacking }), changes)
  await target.grant(one)
  onTestFinished(() => target.revoke(one.targetName, one.lun))
  return one
}

test('no write lands while the target is paused; then a writer goes on, with no error and no lost write', async () => {
  const exports = [await granted(), await granted()]
  const writers = await Promise.all(exports.map(startWriter))
  for (let round = 0; round < 5; round++) {
    for (const writer of writers) await writer.busy()
    await target.pause()
    const contents = await Promise.all(exports.map(({ backingPath }) => readFile(backingPath)))
    await writers[0]?.waiting()
    for (const [index, { backingPath }] of exports.entries()) {
      expect((await readFile(backingPath)).equals(contents[index]!)).toBe(true)
    }
    await target.resume()
  }
  for (const writer of writers) await writer.verify()
})

test('who is turned away is told that the service is not available, which is no reason to give up', async () => {
  const one = await granted()
  await target.pause()
  await expect(login(target, one)).rejects.toMatchObject({ code: 'target_busy', loginStatus: 0x0300 })
  await target.resume()
  const session = await login(target, one)
  await session.logout()
})

test('a write that is stuck in the store keeps a pause from returning, but not other targets from pausing', async () => {
  await using pool = await temporaryPool(256n * 1024n * 1024n)
  const backingPath = join(pool.path, 'disk')
  await writeFile(backingPath, Buffer.alloc(8 * MIB))
  const one = await granted({ backingPath })
  const other = await granted()
  const session = await login(target, one)
  await new Lun(session, one.lun).ready()
  await run({ file: 'fsfreeze', args: ['--freeze', pool.path] })
  const write = { lun: one.lun, cdb: write16(0, 1), dataOut: Buffer.alloc(512, 7) }
  const stuck = session.execute(write).catch(() => {})
  try {
    await expect(target.pause()).rejects.toMatchObject({ reason: 'FENCE_INCOMPLETE' })
    expect(await look(target, other, other.lun)).toBeUndefined()
  } finally {
    await run({ file: 'fsfreeze', args: ['--unfreeze', pool.path] })
  }
  await target.pause()
  await stuck
  expect((await readFile(backingPath)).subarray(0, 512).equals(Buffer.alloc(512, 7))).toBe(true)
  expect(await look(target, one, one.lun)).toBeUndefined()
  await target.resume()
  for (const each of [one, other]) expect(await look(target, each, each.lun)).toBeDefined()
  await target.revoke(one.targetName, one.lun)
})

test('tgtd that dies while it is paused comes back paused', async () => {
  const one = await granted()
  const disk = await attach(target, one)
  onTestFinished(() => disk.close())
  await target.pause()
  const pid = async () => (await findTgtd({ ...place, threads: 2 }))?.process.pid
  const before = await pid()
  process.kill(before!, 'SIGKILL')
  await expect.poll(() => target.inventory().catch(() => []), { timeout: 10_000 }).toHaveLength(1)
  expect(await pid()).not.toBe(before)
  expect(await look(target, one, one.lun)).toBeUndefined()
  const write = disk.write(0, Buffer.alloc(4096, 9))
  await target.resume()
  await write
  expect((await readFile(one.backingPath)).subarray(0, 4096).equals(Buffer.alloc(4096, 9))).toBe(true)
})

test('a disk that grows while the target is paused has its size at the resume', async () => {
  const one = await granted()
  const disk = await attach(target, one)
  onTestFinished(() => disk.close())
  await target.pause()
  await target.resize([one], () => truncate(one.backingPath, 16 * MIB))
  expect(await look(target, one, one.lun)).toBeUndefined()
  await target.resume()
  expect(await disk.refreshSize()).toBe(16 * MIB)
})

test('a write that finds the pool full, with nobody to pause the target, goes through when there is space again', async () => {
  await using pool = await temporaryPool(256n * 1024n * 1024n)
  const [backingPath, ballast] = [join(pool.path, 'disk'), join(pool.path, 'ballast')]
  await writeFile(backingPath, '')
  await truncate(backingPath, 64 * MIB)
  const one = await granted({ backingPath })
  const disk = await attach(target, one)
  onTestFinished(() => disk.close())
  await fillUp(ballast)
  const written = randomBytes(32 * MIB)
  const write = disk.write(0, written)
  await expect.poll(() => noSpaceLines(), { timeout: 10_000 }).toBeGreaterThan(0)
  await rm(ballast)
  await run({ file: 'btrfs', args: ['filesystem', 'sync', pool.path] })
  await write
  await disk.flush()
  const back = Buffer.alloc(written.length)
  await disk.read(0, back)
  expect(back.equals(written)).toBe(true)
  await disk.close()
  await target.revoke(one.targetName, one.lun)
})

async function fillUp(path: string): Promise<void> {
  const chunk = randomBytes(MIB)
  await using file = await open(path, 'w')
  for (;;) {
    try {
      await file.appendFile(chunk)
      await file.datasync()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
}

/** How often tgtd had no space for a write. */
const noSpaceLines = async (): Promise<number> =>
  (await readFile(join(place.runDir, 'tgtd.log'), 'utf8')).split('No space left').length - 1

/** Writes blocks over and over, and remembers what was acknowledged. */
async function startWriter(one: Export) {
  const disk = await attach(target, one)
  const versions = Array.from({ length: BLOCKS }, () => Buffer.alloc(4096))
  const progress = { done: 0, stopped: false }
  const running = (async () => {
    for (let turn = 0; !progress.stopped; turn++) {
      const data = randomBytes(4096)
      await disk.write((turn % BLOCKS) * 4096, data)
      versions[turn % BLOCKS] = data
      progress.done += 1
    }
  })()
  running.catch(() => {}) // told by verify
  onTestFinished(() => disk.close())
  return {
    busy: async () => {
      const from = progress.done
      await expect.poll(() => progress.done, { interval: 5, timeout: 10_000 }).toBeGreaterThan(from + 50)
    },
    waiting: () => expect.poll(() => disk.state.kind, { interval: 5 }).toBe('reconnecting'),
    verify: async () => {
      progress.stopped = true
      await running
      for (const [index, version] of versions.entries()) {
        const back = Buffer.alloc(4096)
        await disk.read(index * 4096, back)
        expect(back.equals(version)).toBe(true)
      }
    },
  }
}
