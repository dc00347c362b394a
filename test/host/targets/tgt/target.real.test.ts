import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../../src/host/exec.ts'
import { callTgtd } from '../../../../src/host/targets/tgt/ipc.ts'
import { endTgtd, findTgtd, socketPath } from '../../../../src/host/targets/tgt/process.ts'
import * as requests from '../../../../src/host/targets/tgt/requests.ts'
import { parseTargets } from '../../../../src/host/targets/tgt/show.ts'
import { createTgtTarget, type TgtOptions } from '../../../../src/host/targets/tgt/target.ts'
import { write16 } from '../../../../src/iscsi/cdb.ts'
import { Lun } from '../../../../src/iscsi/lun.ts'
import type { Export, Target } from '../../../../src/volumegroups/index.ts'
import { newExport, type TargetHarness, targetContract } from '../../../contract/target.ts'
import { freePort } from '../../../support/tgtd.ts'
import { temporaryPool } from '../../stores/btrfs/temporary-pool.ts'
import { attach, login, look } from './visitor.ts'
import { startWriters } from './writers.ts'

const MIB = 1024 * 1024

/** A target on a tgtd of its own; each new one over the same directory stands for a restarted element. */
async function makeHarness(): Promise<TargetHarness & { place: TgtOptions; pid(): Promise<number> }> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-tgt-'))
  const place: TgtOptions = {
    runDir: join(directory, 'run'),
    portal: { address: '127.0.0.1', port: await freePort() },
    leaveRunning: true,
    fenceTimeoutMs: 1000,
    log: pino({ level: 'silent' }),
  }
  const targets: Target[] = [createTgtTarget(place)]
  let files = 0
  const find = () => findTgtd({ ...place, threads: 2 })
  return {
    place,
    target: targets[0]!,
    pid: async () => (await find())!.process.pid,
    makeBacking: async () => {
      const path = join(directory, `file-${++files}`)
      await using file = await open(path, 'w')
      await file.truncate(8 * MIB)
      return path
    },
    look: (who, lun) => look(targets[0]!, who, lun),
    restart: async () => {
      await targets.at(-1)?.[Symbol.asyncDispose]()
      const next = createTgtTarget(place)
      targets.push(next)
      return next
    },
    [Symbol.asyncDispose]: async () => {
      for (const target of targets) await target[Symbol.asyncDispose]()
      const left = await find()
      if (left) await endTgtd(left.process, { ...place, threads: 2 })
      await rm(directory, { recursive: true })
    },
  }
}

targetContract('tgt target', makeHarness)

describe('tgt target', () => {
  let harness: Awaited<ReturnType<typeof makeHarness>>
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
    return one
  }
  const attached = async (one: Export) => {
    const disk = await attach(target, one)
    onTestFinished(() => disk.close())
    return disk
  }

  test('tgtd killed under an initiator comes back with everything; no error, no lost write', async () => {
    const one = await granted()
    const two = await granted({ targetName: one.targetName, lun: 2 })
    const disk = await attached(one)
    const before = await harness.pid()
    const written = randomBytes(4 * MIB)
    for (let offset = 0; offset < written.length; offset += 65536) {
      if (offset === 2 * MIB) process.kill(before, 'SIGKILL')
      await disk.write(offset, written.subarray(offset, offset + 65536))
    }
    await disk.flush()
    expect(await harness.pid()).not.toBe(before)
    const back = Buffer.alloc(written.length)
    await disk.read(0, back)
    expect(back.equals(written)).toBe(true)
    for (const each of [one, two]) {
      await expect.poll(() => harness.look(each, each.lun), { timeout: 10_000 }).toBeDefined()
      const { serial, naa, readOnly } = each
      expect(await harness.look(each, each.lun)).toEqual({ serial, naa, readOnly })
    }
  })

  test('a session rides through a restart of the element', async () => {
    const one = await granted()
    const session = await login(target, one)
    onTestFinished(() => session.logout())
    const pid = await harness.pid()
    const next = await harness.restart()
    await next.start([one])
    target = next
    expect(await harness.pid()).toBe(pid)
    await new Lun(session, one.lun).ready()
    const { status } = await session.execute({
      lun: one.lun,
      cdb: write16(0, 1),
      dataOut: Buffer.alloc(512, 7),
    })
    expect(status).toBe(0)
  })

  test('an adopted tgtd that dies is started again too', async () => {
    const one = await granted()
    const next = await harness.restart()
    await next.start([one])
    target = next
    const before = await harness.pid()
    process.kill(before, 'SIGKILL')
    await expect.poll(() => harness.look(one, one.lun), { timeout: 10_000 }).toBeDefined()
    expect(await harness.pid()).not.toBe(before)
  })

  test('a target that an element left half changed is made anew', async () => {
    const one = await granted()
    const socket = socketPath({ ...harness.place, threads: 2 })
    const shown = parseTargets(await callTgtd(socket, requests.showTargets))
    const tid = shown.find(({ name }) => name === one.targetName)?.tid ?? 0
    await callTgtd(socket, requests.setState(tid, 'offline'))
    await callTgtd(socket, requests.unbindAccount(tid, one.chap?.user ?? '', false))
    const next = await harness.restart()
    await next.start([one])
    target = next
    expect(await harness.look({ ...one, chap: undefined }, one.lun)).toBeUndefined()
    expect(await harness.look(one, one.lun)).toBeDefined()
  })

  test('no write lands after a revoke has returned', async () => {
    for (let round = 0; round < 10; round++) {
      const one = await granted({ chap: undefined })
      const stay = await granted({ targetName: one.targetName, lun: 2, chap: undefined })
      const writers = await startWriters(target, one)
      await writers.busy()
      await target.revoke(one.targetName, one.lun)
      const content = await readFile(one.backingPath)
      const sent = await writers.stop()
      expect(sent).toBeGreaterThan(0)
      expect((await readFile(one.backingPath)).equals(content)).toBe(true)
      expect(await look(target, stay, stay.lun)).toBeDefined()
      await target.revoke(stay.targetName, stay.lun)
    }
  })

  test('a write that is stuck in the store keeps a revoke from returning, and the initiator out', async () => {
    await using pool = await temporaryPool(256n * 1024n * 1024n)
    const backingPath = join(pool.path, 'disk')
    await writeFile(backingPath, Buffer.alloc(8 * MIB))
    const one = await granted({ backingPath })
    const stay = await granted({ targetName: one.targetName, lun: 2 })
    const session = await login(target, one)
    await new Lun(session, one.lun).ready()
    await run({ file: 'fsfreeze', args: ['--freeze', pool.path] })
    try {
      const write = { lun: one.lun, cdb: write16(0, 1), dataOut: Buffer.alloc(512, 7) }
      const stuck = session.execute(write).catch(() => {})
      const refusal = { reason: 'FENCE_INCOMPLETE', kind: 'unavailable' }
      await expect(target.revoke(one.targetName, one.lun)).rejects.toMatchObject(refusal)
      expect(await harness.look(stay, stay.lun)).toBeUndefined()
      await expect(target.grant(stay)).rejects.toMatchObject(refusal)
      await run({ file: 'fsfreeze', args: ['--unfreeze', pool.path] })
      await target.revoke(one.targetName, one.lun)
      await stuck
    } finally {
      await run({ file: 'fsfreeze', args: ['--unfreeze', pool.path] }, { okCodes: [0, 1] })
      await target.revoke(one.targetName, one.lun)
    }
    session.destroy()
    expect(await harness.look(one, one.lun)).toBeUndefined()
    expect(await harness.look(stay, stay.lun)).toBeDefined()
  })

  test('a session that is open can not write any more when a protect has returned, but read', async () => {
    const one = await granted()
    const session = await login(target, one)
    onTestFinished(() => session.logout())
    const unit = new Lun(session, one.lun)
    await unit.ready()
    const write = { lun: one.lun, cdb: write16(0, 1), dataOut: Buffer.alloc(512, 7) }
    expect((await session.execute(write)).status).toBe(0)
    await target.protect(one.targetName, one.lun)
    const refused = await session.execute({ ...write, dataOut: Buffer.alloc(512, 8) })
    expect(refused.status).toBe(2)
    expect((await readFile(one.backingPath)).subarray(0, 512).equals(Buffer.alloc(512, 7))).toBe(true)
    await unit.ready()
    await target.grant(one)
    expect((await session.execute(write)).status).toBe(0)
  })

  test('no session is left when a disconnect has returned', async () => {
    const one = await granted()
    const session = await login(target, one)
    await new Lun(session, one.lun).ready()
    await target.disconnect(one.targetName, one.chap)
    await expect.poll(() => session.end).toBeDefined()
    expect(await harness.look(one, one.lun)).toBeDefined()
  })

  test('a disk grows under a writer: no error, no lost write, the new size', async () => {
    const one = await granted()
    const disk = await attached(one)
    const blocks = 64
    const versions = Array.from({ length: blocks }, () => 0)
    let stopped = false
    const writer = (async () => {
      for (let turn = 1; !stopped; turn++) {
        const at = turn % blocks
        await disk.write(at * 4096, Buffer.alloc(4096, turn % 251))
        versions[at] = turn % 251
      }
    })()
    for (let size = 9; size <= 16; size++) {
      await target.resize([one], () => truncate(one.backingPath, size * MIB))
      expect(await disk.refreshSize()).toBe(size * MIB)
    }
    stopped = true
    await writer
    for (const [at, version] of versions.entries()) {
      const back = Buffer.alloc(4096)
      await disk.read(at * 4096, back)
      expect(back.equals(Buffer.alloc(4096, version))).toBe(true)
    }
  })

  test('a hundred LUNs need few threads', async () => {
    const exports = await Promise.all(Array.from({ length: 100 }, () => newExport(use)))
    await Promise.all(exports.map((one) => target.grant(one)))
    const status = await readFile(`/proc/${await harness.pid()}/status`, 'utf8')
    expect(Number(/Threads:\s*(\d+)/.exec(status)?.[1])).toBeLessThan(300)
    await Promise.all(exports.map((one) => target.revoke(one.targetName, one.lun)))
  })

  test('secrets are in no argv, environment or log', async () => {
    const one = await granted()
    const proc = `/proc/${await harness.pid()}`
    const texts = [await readFile(`${proc}/cmdline`, 'utf8'), await readFile(`${proc}/environ`, 'utf8')]
    for (const name of await readdir(harness.place.runDir)) {
      if (name.endsWith('.log')) texts.push(await readFile(join(harness.place.runDir, name), 'utf8'))
    }
    expect(texts.length).toBe(3)
    for (const text of texts) expect(text).not.toContain(one.chap?.secret)
  })

  test('a portal that another program has is told', async () => {
    const other = createTgtTarget({
      ...harness.place,
      runDir: `${harness.place.runDir}-2`,
      leaveRunning: false,
    })
    await expect(other.start([])).rejects.toMatchObject({ reason: 'TARGET_UNAVAILABLE' })
    await other[Symbol.asyncDispose]()
  })

  test('disposing of it ends tgtd, unless it is left running', async () => {
    await using own = await makeHarness()
    const stopping = createTgtTarget({ ...own.place, leaveRunning: false })
    await stopping.start([])
    const pid = await own.pid()
    await stopping[Symbol.asyncDispose]()
    await expect(readFile(`/proc/${pid}/cmdline`, 'utf8')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(stopping.inventory()).rejects.toMatchObject({ reason: 'NOT_READY' })
  })
})
