import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rmdir, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../../src/host/exec.ts'
import { bootTimeMs, createSentinel } from '../../../../src/host/sentinel/sentinel.ts'
import { createLioTarget, type LioOptions } from '../../../../src/host/targets/lio/target.ts'
import { write16 } from '../../../../src/iscsi/cdb.ts'
import { Lun } from '../../../../src/iscsi/lun.ts'
import { readFacts } from '../../../../src/iscsi/lun-facts.ts'
import type { Export, Target } from '../../../../src/volumegroups/index.ts'
import { newExport, type TargetHarness, targetContract } from '../../../contract/target.ts'
import { freePort } from '../../../support/tgtd.ts'
import { temporaryPool } from '../../stores/btrfs/temporary-pool.ts'
import { attach, login, look } from '../tgt/visitor.ts'
import { startWriters } from '../tgt/writers.ts'

/** On the kernel's own target: runs in a guest (see target.guest.test.ts). */

const MIB = 1024 * 1024
const KERNEL = '/sys/kernel/config/target'
const BLOCK = 4096
let owners = 0

interface Harness extends TargetHarness {
  readonly place: LioOptions
}

/** An element's target; each new one with the same owner stands for a restarted element. */
async function makeHarness(changes: Partial<LioOptions> = {}): Promise<Harness> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-lio-'))
  const place: LioOptions = {
    portal: { address: '127.0.0.1', port: await freePort() },
    owner: `mooring-${++owners}`,
    leaveRunning: true,
    fenceTimeoutMs: 30_000,
    log: pino({ level: 'silent' }),
    ...changes,
  }
  const targets: Target[] = [createLioTarget(place)]
  let files = 0
  return {
    place,
    target: targets[0]!,
    growsLive: true,
    makeBacking: async () => {
      const path = join(directory, `file-${++files}`)
      await using file = await open(path, 'w')
      await file.truncate(8 * MIB)
      return path
    },
    look: (who, lun) => look(targets[0]!, who, lun),
    restart: async () => {
      await targets.at(-1)?.[Symbol.asyncDispose]()
      const next = createLioTarget(place)
      targets.push(next)
      return next
    },
    [Symbol.asyncDispose]: async () => {
      const last = createLioTarget({ ...place, leaveRunning: false })
      await last.start([])
      await last[Symbol.asyncDispose]()
    },
  }
}

targetContract('lio target', makeHarness)

describe('lio target', () => {
  let harness: Harness
  let target: Target
  const use = () => harness
  beforeAll(async () => {
    harness = await makeHarness()
    target = harness.target
    await target.start([])
  })
  afterAll(() => harness?.[Symbol.asyncDispose]())

  const granted = async (changes: Partial<Export> = {}): Promise<Export> => {
    const one = await newExport(use, changes)
    await target.grant(one)
    onTestFinished(() => target.revoke(one.targetName, one.lun))
    return one
  }
  const attached = async (one: Export) => {
    const disk = await attach(target, one)
    onTestFinished(() => disk.close())
    return disk
  }

  test('no write lands after a revoke has returned, with neighbours that stay or without', async () => {
    for (let round = 0; round < 4; round++) {
      const one = await granted({ chap: undefined })
      const stay =
        round % 2 === 0 ? await granted({ targetName: one.targetName, lun: 2, chap: undefined }) : undefined
      const writers = await startWriters(target, one)
      await writers.busy()
      await target.revoke(one.targetName, one.lun)
      const content = await readFile(one.backingPath)
      expect(await writers.stop()).toBeGreaterThan(0)
      expect((await readFile(one.backingPath)).equals(content)).toBe(true)
      if (stay) expect(await look(target, stay, stay.lun)).toBeDefined()
    }
  })

  test('a write that is stuck in the store keeps a revoke and a pause from returning, and other targets from nothing', async () => {
    await using own = await makeHarness({ fenceTimeoutMs: 2000 })
    await own.target.start([])
    await using pool = await temporaryPool(256n * 1024n * 1024n)
    const backingPath = join(pool.path, 'disk')
    await writeFile(backingPath, Buffer.alloc(8 * MIB))
    const one = await newExport(() => own, { backingPath })
    const other = await newExport(() => own)
    await own.target.grant(one)
    const session = await login(own.target, one)
    await new Lun(session, one.lun).ready()
    await run({ file: 'fsfreeze', args: ['--freeze', pool.path] })
    const refusal = { reason: 'FENCE_INCOMPLETE', kind: 'unavailable' }
    try {
      const write = { lun: one.lun, cdb: write16(0, 1), dataOut: Buffer.alloc(512, 7) }
      session.execute(write).catch(() => {})
      await expect(own.target.revoke(one.targetName, one.lun)).rejects.toMatchObject(refusal)
      await expect(own.target.revoke(one.targetName, one.lun)).rejects.toMatchObject(refusal)
      await expect(own.target.pause()).rejects.toMatchObject(refusal)
      await expect(own.target.inspect()).rejects.toMatchObject(refusal)
      await own.target.resume().catch(() => {})
      expect(await look(own.target, one, one.lun)).toBeUndefined()
      await own.target.grant(other)
      expect(await look(own.target, other, other.lun)).toBeDefined()
    } finally {
      await run({ file: 'fsfreeze', args: ['--unfreeze', pool.path] })
    }
    await expect
      .poll(() => own.target.revoke(one.targetName, one.lun).then(() => 'gone', String), { timeout: 20_000 })
      .toBe('gone')
    session.destroy()
    expect(await own.target.inventory()).toEqual([{ targetName: other.targetName, luns: [other.lun] }])
  })

  test('a disk grows under a writer: no error, no lost write, the new size', async () => {
    const one = await granted()
    await using writer = await startWriter(one)
    for (let size = 9; size <= 12; size++) {
      await writer.busy()
      await target.resize([one], () => truncate(one.backingPath, size * MIB))
      expect(await writer.disk.refreshSize()).toBe(size * MIB)
    }
    await writer.verify()
  })

  test('no write lands while the target is paused; then a writer goes on, with no error and no lost write', async () => {
    const one = await granted()
    await using writer = await startWriter(one)
    for (let round = 0; round < 2; round++) {
      await writer.busy()
      await target.pause()
      const content = await readFile(one.backingPath)
      await expect.poll(() => writer.disk.state.kind, { timeout: 20_000 }).toBe('reconnecting')
      expect((await readFile(one.backingPath)).equals(content)).toBe(true)
      await target.resume()
    }
    await writer.verify()
  })

  test('a session rides through a restart of the element', async () => {
    const one = await granted()
    const session = await login(target, one)
    onTestFinished(() => session.logout())
    const next = await harness.restart()
    await next.start([one])
    target = next
    const write = { lun: one.lun, cdb: write16(0, 1), dataOut: Buffer.alloc(512, 7) }
    const unit = new Lun(session, one.lun)
    await unit.ready()
    expect((await session.execute(write)).status).toBe(0)
  })

  test('a session can not write any more when a protect has returned, and is gone when a disconnect has', async () => {
    const one = await granted()
    const session = await login(target, one)
    const unit = new Lun(session, one.lun)
    await unit.ready()
    const write = { lun: one.lun, cdb: write16(0, 1), dataOut: Buffer.alloc(512, 7) }
    expect((await session.execute(write)).status).toBe(0)
    await target.protect(one.targetName, one.lun)
    expect((await session.execute({ ...write, dataOut: Buffer.alloc(512, 8) })).status).toBe(2)
    expect((await readFile(one.backingPath)).subarray(0, 512).equals(Buffer.alloc(512, 7))).toBe(true)
    await target.grant(one)
    expect((await session.execute(write)).status).toBe(0)
    await target.disconnect(one.targetName, one.chap)
    await expect.poll(() => session.end, { timeout: 20_000 }).toBeDefined()
    expect(await look(target, one, one.lun)).toBeDefined()
  })

  test('the write cache is declared; discarded space is given back and reads as zeroes', async () => {
    const one = await granted()
    const session = await login(target, one)
    expect(await readFacts(new Lun(session, one.lun))).toMatchObject({
      writeCache: true,
      unmap: true,
      readsZeroes: true,
    })
    await session.logout()
    const disk = await attached(one)
    await disk.write(0, randomBytes(4 * MIB))
    await disk.flush()
    const before = (await stat(one.backingPath)).blocks
    await disk.discard(0, 4 * MIB)
    expect((await stat(one.backingPath)).blocks).toBeLessThanOrEqual(before - (4 * MIB) / 512)
    const back = Buffer.alloc(4 * MIB, 1)
    await disk.read(0, back)
    expect(back.equals(Buffer.alloc(4 * MIB))).toBe(true)
  })

  test('what others have made in the kernel is never touched, nor taken for ours', async () => {
    const file = await harness.makeBacking()
    const store = `${KERNEL}/core/fileio_7/theirs`
    const theirs = `${KERNEL}/iscsi/iqn.2003-01.org.test:theirs/tpgt_1`
    const stolen = await newExport(use)
    const alike = `${KERNEL}/iscsi/${stolen.targetName}/tpgt_1`
    await mkdir(`${KERNEL}/core/fileio_7`, { recursive: true })
    await mkdir(store)
    await writeFile(`${store}/control`, `fd_dev_name=${file},fd_dev_size=${8 * MIB}`)
    await writeFile(`${store}/enable`, '1')
    for (const folder of [theirs, alike]) {
      await mkdir(`${folder}/acls/iqn.2003-01.org.test:me`, { recursive: true })
      await writeFile(`${folder}/acls/iqn.2003-01.org.test:me/tag`, 'another')
    }
    await expect(target.grant(stolen)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    await target.revoke(stolen.targetName, stolen.lun)
    const next = await harness.restart()
    await next.start([])
    target = next
    expect((await target.inventory()).map(({ targetName }) => targetName)).not.toContain(stolen.targetName)
    expect((await readFile(`${store}/enable`, 'utf8')).trim()).toBe('1')
    for (const folder of [theirs, alike]) {
      expect(existsSync(`${folder}/acls/iqn.2003-01.org.test:me`)).toBe(true)
      await rmdir(`${folder}/acls/iqn.2003-01.org.test:me`)
      await rmdir(folder)
      await rmdir(join(folder, '..'))
    }
    await rmdir(store)
  })

  test('what an element left half is made whole, or taken away', async () => {
    const exports = await Promise.all([1, 2, 3, 4].map(() => granted()))
    const [noMapping, noLink, noPortal, noLun] = exports as [Export, Export, Export, Export]
    const group = ({ targetName }: Export): string => `${KERNEL}/iscsi/${targetName}/tpgt_1`
    const mapped = (one: Export): string => `${group(one)}/acls/${one.initiatorName}/lun_1`
    await unlink(`${mapped(noMapping)}/rw`)
    for (const one of [noLink, noLun]) {
      await unlink(`${mapped(one)}/rw`)
      await unlink(`${group(one)}/lun/lun_1/disk`)
    }
    await writeFile(`${group(noPortal)}/enable`, '0')
    await rmdir(`${group(noPortal)}/np/127.0.0.1:${harness.place.portal.port}`)
    await rmdir(mapped(noLun))
    await rmdir(`${group(noLun)}/lun/lun_1`)
    await mkdir(`${KERNEL}/core/fileio_2026/${harness.place.owner}-00000000000000000000000000000000`)
    const gone = await newExport(use)
    await mkdir(`${group(gone)}/acls/${gone.initiatorName}`, { recursive: true })
    await writeFile(`${group(gone)}/acls/${gone.initiatorName}/tag`, harness.place.owner)
    const next = await harness.restart()
    await next.start(exports)
    target = next
    for (const one of exports) {
      const { serial, naa, readOnly } = one
      expect(await look(target, one, one.lun)).toEqual({ serial, naa, readOnly })
    }
    expect(existsSync(`${KERNEL}/iscsi/${gone.targetName}`)).toBe(false)
    expect(existsSync(`${KERNEL}/core/fileio_2026/${harness.place.owner}-${'0'.repeat(32)}`)).toBe(false)
  })

  test('disposing of it takes all of it out of the kernel, unless it is left running', async () => {
    await using own = await makeHarness({ leaveRunning: false })
    await own.target.start([])
    const one = await newExport(() => own)
    await own.target.grant(one)
    await own.target[Symbol.asyncDispose]()
    expect(existsSync(`${KERNEL}/iscsi/${one.targetName}`)).toBe(false)
    expect(existsSync(`${KERNEL}/core/fileio_2026/${own.place.owner}-${one.serial}`)).toBe(false)
    await expect(own.target.inventory()).rejects.toMatchObject({ reason: 'NOT_READY' })
  })

  test('a file that is not there is refused, and not made; its neighbours are served', async () => {
    const one = await granted()
    const missing = await newExport(use, {
      targetName: one.targetName,
      lun: 2,
      backingPath: '/tmp/mooring-missing',
    })
    await expect(target.grant(missing)).rejects.toMatchObject({ reason: 'TARGET_UNAVAILABLE' })
    const next = await harness.restart()
    await next.start([missing, one])
    target = next
    expect(existsSync(missing.backingPath)).toBe(false)
    expect(await look(target, one, one.lun)).toBeDefined()
  })

  test('when the authority ends, the targets are shut, whatever the element does; then they serve again', async () => {
    const runDir = await mkdtemp(join(tmpdir(), 'mooring-guard-'))
    const sentinel = createSentinel({ runDir, aheadMs: 60_000 })
    sentinel.renew(bootTimeMs() + 30_000)
    await using own = await makeHarness({ guard: { sentinel, runDir } })
    await own.target.start([])
    const one = await newExport(() => own)
    await own.target.grant(one)
    const session = await login(own.target, one)
    expect(own.target.isServing()).toBe(true)
    sentinel.renew(bootTimeMs())
    await expect.poll(() => session.end, { timeout: 30_000 }).toBeDefined()
    await expect.poll(() => own.target.isServing()).toBe(false)
    await own.target.grant(one)
    expect(await look(own.target, one, one.lun)).toBeUndefined()
    sentinel.renew(bootTimeMs() + 60_000)
    await expect.poll(() => look(own.target, one, one.lun), { timeout: 30_000 }).toBeDefined()
    const next = await own.restart()
    await next.start([one])
    sentinel.renew(bootTimeMs())
    await expect.poll(() => look(own.target, one, one.lun), { timeout: 30_000 }).toBeUndefined()
    sentinel.renew(bootTimeMs() + 60_000)
    await expect.poll(() => look(own.target, one, one.lun), { timeout: 30_000 }).toBeDefined()
  })

  /** Writes blocks over and over, and remembers what was acknowledged. */
  async function startWriter(one: Export) {
    const disk = await attach(target, one)
    const versions = Array.from({ length: 64 }, () => Buffer.alloc(BLOCK))
    let done = 0
    let stopped = false
    const running = (async () => {
      for (let turn = 0; !stopped; turn++) {
        const data = randomBytes(BLOCK)
        await disk.write((turn % versions.length) * BLOCK, data)
        versions[turn % versions.length] = data
        done += 1
      }
    })()
    running.catch(() => {}) // told by verify
    return {
      disk,
      busy: async () => {
        const from = done
        await expect.poll(() => done, { timeout: 30_000 }).toBeGreaterThan(from + 20)
      },
      verify: async () => {
        stopped = true
        await running
        for (const [index, version] of versions.entries()) {
          const back = Buffer.alloc(BLOCK)
          await disk.read(index * BLOCK, back)
          expect(back.equals(version)).toBe(true)
        }
      },
      [Symbol.asyncDispose]: async () => {
        stopped = true
        await disk.close()
      },
    }
  }
})
