import { afterAll, beforeAll, expect, test } from 'vitest'
import { byLength } from '../support/duration.ts'
import type { Migration } from './support/guest.ts'
import { GuestSite, type GuestVolume } from './support/guest-site.ts'
import { GuestWriter } from './support/guest-writer.ts'

/**
 * A guest attaches disks by its own kernel while it moves between two hosts (two QEMU processes): the node plugin in it
 * knows nothing of that. One disk is written and checked by fio all the time.
 */

const ROUNDS = byLength(1, 5)
const DISKS = byLength(4, 20)
const MIB = 1024 ** 2
const LIMIT = { timeout: byLength(600_000, 7_200_000) }

let site: GuestSite
let busy: GuestVolume

beforeAll(async () => {
  site = await GuestSite.start('moving')
  busy = await site.create('busy', 'block', 64)
  await site.attach(busy)
}, 600_000)
afterAll(() => site?.[Symbol.asyncDispose]())

/** What came of using disks one after another beside a busy one. */
interface Figures {
  readonly attachMs: readonly number[]
  readonly failures: readonly string[]
  /** As the guest's clock has it, which stands still with the guest. */
  readonly longestIoMs: number
}

let atRest: Figures

test('a guest that stays attaches, writes and detaches disks beside a busy one', LIMIT, async () => {
  const { figures } = await besideFio(() => useDisks('at-rest', DISKS))
  atRest = figures
  expect(figures.failures).toEqual([])
  say(`at rest: ${textOf(figures)}`)
})

test(`${ROUNDS} times there and back: every attach, write and detach goes through`, LIMIT, async () => {
  const { figures, moves } = await besideFio(async () => {
    const used: Used[] = []
    const moves: Migration[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      const ended = new AbortController()
      const moving = migrateUntil(ended.signal)
      try {
        used.push(...(await useDisks(`round-${round}`, DISKS)).used)
      } finally {
        ended.abort()
      }
      moves.push(...(await moving))
    }
    return { used, moves }
  })
  expect(figures.failures).toEqual([])
  expect(moves.length).toBeGreaterThanOrEqual(2 * ROUNDS)
  const downtimes = moves.map(({ downtimeMs }) => downtimeMs)
  const totals = moves.map(({ totalMs }) => totalMs)
  say(`moving: ${textOf(figures)}`)
  say(`${moves.length} moves took ${seconds(totals)}; the guest stood still for ${seconds(downtimes)}`)
  const ratio = percentile(figures.attachMs, 0.5) / percentile(atRest.attachMs, 0.5)
  say(`an attach while moving takes ${ratio.toFixed(2)} times as long (p50)`)
})

interface Used {
  readonly attachMs: number
  readonly failure?: string
}

interface Work {
  readonly used: readonly Used[]
}

async function besideFio<Result extends Work>(
  work: () => Promise<Result>,
): Promise<Result & { figures: Figures }> {
  const writer = new GuestWriter(site.guest, busy.target)
  const result = await work().finally(() => writer.stop())
  const figures = {
    attachMs: result.used.map(({ attachMs }) => attachMs),
    failures: result.used.flatMap(({ failure }) => failure ?? []),
    longestIoMs: (await writer.result).longestMs,
  }
  return { ...result, figures }
}

/** There and back, again and again; ends where it began. */
async function migrateUntil(signal: AbortSignal): Promise<Migration[]> {
  const moves: Migration[] = []
  do moves.push(await site.migrate(), await site.migrate())
  while (!signal.aborted)
  return moves
}

async function useDisks(name: string, count: number): Promise<{ used: Used[] }> {
  const used: Used[] = []
  for (let index = 0; index < count; index += 1) used.push(await useDisk(`${name}-${index}`, index))
  return { used }
}

async function useDisk(name: string, index: number): Promise<Used> {
  let attachMs = Number.NaN
  try {
    const volume = await site.create(name, index % 2 === 0 ? 'block' : 'mount', 32)
    const begun = performance.now()
    await site.attach(volume)
    attachMs = performance.now() - begun
    await writeAndCompare(volume)
    await site.detach(volume)
    await site.delete(volume)
    return { attachMs }
  } catch (error) {
    return { attachMs, failure: `${name}: ${(error as Error).message}\n${await site.nodeLog()}` }
  }
}

async function writeAndCompare({ access, target }: GuestVolume): Promise<void> {
  const file = access === 'block' ? target : `${target}/file`
  const write = `dd if=/tmp/content of=${file} bs=64k oflag=direct conv=fsync,notrunc status=none`
  const read = `dd if=${file} bs=64k count=16 iflag=direct status=none`
  const script = `head -c ${MIB} /dev/urandom > /tmp/content && ${write} && ${read} | cmp - /tmp/content`
  await site.guest.run(script, { timeoutMs: 120_000 })
}

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] as number

const seconds = (values: readonly number[]): string =>
  `${(percentile(values, 0.5) / 1000).toFixed(2)} s (p50), ${(Math.max(...values) / 1000).toFixed(2)} s (longest)`

function textOf({ attachMs, longestIoMs }: Figures): string {
  const [half, most] = [0.5, 0.99].map((part) => (percentile(attachMs, part) / 1000).toFixed(2))
  return `${attachMs.length} attaches, p50 ${half} s, p99 ${most} s; longest I/O ${longestIoMs.toFixed(0)} ms`
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
