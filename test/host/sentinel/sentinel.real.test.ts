import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Daemon } from '../../../src/host/exec.ts'
import { bootTimeMs, createSentinel, type Guarded, isSentinel } from '../../../src/host/sentinel/sentinel.ts'

const SERVER: Guarded = { action: 'run', command: { file: 'sleep', args: ['1000'] } }
const AHEAD_MS = 60_000

async function place() {
  const runDir = await mkdtemp(join(tmpdir(), 'mooring-sentinel-'))
  onTestFinished(() => rm(runDir, { recursive: true, force: true }))
  const sentinelFor = (aheadMs: number) => createSentinel({ runDir, aheadMs })
  return { runDir, sentinelFor, sentinel: sentinelFor(AHEAD_MS) }
}

type Sentinel = ReturnType<typeof createSentinel>

/** Starts it, and ends it with the test. */
async function started(sentinel: Sentinel, guarded = SERVER): Promise<Daemon> {
  const daemon = await sentinel.start(guarded)
  onTestFinished(() => daemon.stop('SIGKILL', 1000))
  return daemon
}

async function childOf({ pid }: Daemon): Promise<number> {
  const children = () => readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  await expect.poll(children).toMatch(/\d/)
  const child = Number(await children())
  const isServer = async () => (await readFile(`/proc/${child}/comm`, 'utf8')) === 'sleep\n'
  await expect.poll(isServer).toBe(true)
  return child
}

/** One that has ended and that nobody collects can do nothing any more. */
const isThere = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

test('what it runs ends when no renewal comes, and not before', async () => {
  const { sentinel } = await place()
  const until = bootTimeMs() + 1500
  sentinel.renew(until)
  const daemon = await started(sentinel)
  const server = await childOf(daemon)
  await daemon.exited
  expect(bootTimeMs()).toBeGreaterThanOrEqual(until - 10)
  expect(isThere(server)).toBe(false)
  expect(sentinel.isPermitted).toBe(false)
})

test('renewals of another element object at the same place reach it', async () => {
  const { sentinel, sentinelFor } = await place()
  sentinel.renew(bootTimeMs() + 1500)
  const daemon = await started(sentinel)
  const server = await childOf(daemon)
  const next = sentinelFor(AHEAD_MS)
  for (let round = 0; round < 6; round += 1) {
    next.renew(bootTimeMs() + 1500)
    await sleep(500)
  }
  expect(isThere(server)).toBe(true)
})

test('a renewal that comes late, as of an element that was stopped, does not reach further than it said', async () => {
  const { sentinel } = await place()
  const until = bootTimeMs() + 1000
  sentinel.renew(until)
  const daemon = await started(sentinel)
  await childOf(daemon)
  await sleep(500)
  sentinel.renew(until)
  await daemon.exited
  expect(bootTimeMs()).toBeLessThan(until + 5000)
})

test('no renewal reaches further ahead than the sentinel was told, and none is made of rubbish', async () => {
  const { sentinelFor } = await place()
  const sentinel = sentinelFor(1000)
  sentinel.renew(bootTimeMs() + 3_600_000)
  const begun = bootTimeMs()
  const daemon = await started(sentinel)
  for (const rubbish of [Number.NaN, Number.POSITIVE_INFINITY, -1]) sentinel.renew(rubbish)
  await daemon.exited
  expect(bootTimeMs() - begun).toBeLessThan(20_000)
})

test('without authority it starts nothing', async () => {
  const { sentinel } = await place()
  await expect(sentinel.start(SERVER)).rejects.toMatchObject({ reason: 'AUTHORITY_LOST' })
  sentinel.renew(bootTimeMs() - 1)
  await expect(sentinel.start(SERVER)).rejects.toMatchObject({ reason: 'AUTHORITY_LOST' })
})

test('what it runs dies with it', async () => {
  const { sentinel } = await place()
  sentinel.renew(bootTimeMs() + 30_000)
  const daemon = await started(sentinel)
  const server = await childOf(daemon)
  await daemon.stop('SIGKILL', 1000)
  await expect.poll(() => isThere(server)).toBe(false)
})

test('it ends when what it runs has ended', async () => {
  const { sentinel } = await place()
  sentinel.renew(bootTimeMs() + 30_000)
  const daemon = await started(sentinel)
  process.kill(await childOf(daemon), 'SIGKILL')
  await daemon.exited
})

test('at the end it carries out what it was told to, until that succeeds', async () => {
  const { sentinel, runDir } = await place()
  const done = join(runDir, 'done')
  const once = `[ -e ${done} ] || { touch ${done}; exit 1; }`
  sentinel.renew(bootTimeMs() + 1000)
  const daemon = await started(sentinel, {
    action: 'end',
    command: { file: 'bash', args: ['-c', once] },
  })
  await sleep(200)
  expect(existsSync(done)).toBe(false)
  expect(await daemon.exited).toMatchObject({ code: 0 })
  expect(existsSync(done)).toBe(true)
})

test('it is known by its command line', async () => {
  const { sentinel, sentinelFor } = await place()
  sentinel.renew(bootTimeMs() + 30_000)
  const { pid } = await started(sentinel)
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)
  expect(isSentinel(argv)).toBe(true)
  expect(sentinel.isCommandOf(argv, SERVER)).toBe(true)
  expect(sentinel.isCommandOf(argv, { ...SERVER, action: 'end' })).toBe(false)
  expect(sentinelFor(1).isCommandOf(argv, SERVER)).toBe(false)
})

test('it is small: a tenth of what a second Node process would be', async () => {
  const { sentinel } = await place()
  sentinel.renew(bootTimeMs() + 30_000)
  const { pid } = await started(sentinel)
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  expect(Number(kib)).toBeLessThan(5 * 1024)
})
