import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DiskId, LeaseTerms } from '../../src/volumegroups/index.ts'
import { byLength } from '../support/duration.ts'
import { fillStateDisk } from './authority/fill-state-disk.ts'
import { missingFrom, Writer } from './takeover/acknowledged.ts'
import type { ChaosNode } from './takeover/chaos-node.ts'
import { LEASE, Site } from './takeover/site.ts'

/**
 * A node that holds a disk and writes to it falls silent, in several ways, at a random moment. The other node asks for
 * the disk until it gets it. Then the first comes back, with all that it had under way.
 */

const ROUNDS = byLength(10, 500)
/** A fault comes within this time of the first writes. */
const MAX_CALM_MS = 400
const ASK_EVERY_MS = 25
const LEARN_MS = 20_000
/** Something that is acknowledged too late would be by then. */
const LATE_MS = 2000
/** An initiator gives up a session whose target says nothing for so long, and hears nothing of it any more. */
const SESSION_SILENCE_MS = 8000

interface Fault {
  readonly name: string
  readonly begin: (site: Site, node: ChaosNode) => Promise<void>
  readonly end: (site: Site, node: ChaosNode) => Promise<void>
  /**
   * An acknowledgement may come in after the disk was granted to another, of a write from before: its I/O goes on until
   * the target ends it, or the answer was on its way when the cable was pulled.
   */
  readonly hearsLate?: boolean
}

const signalAll = (signal: NodeJS.Signals) => async (_: Site, node: ChaosNode) => {
  for (const pid of stopped.get(node) ?? (await node.processes()).all) process.kill(pid, signal)
}
/** A stopped keeper does not say which processes are its own. */
const stopped = new Map<ChaosNode, readonly number[]>()

const FAULTS: readonly Fault[] = [
  {
    name: 'all its processes stop',
    begin: async (site, node) => {
      stopped.set(node, (await node.processes()).all)
      await signalAll('SIGSTOP')(site, node)
    },
    end: async (site, node) => {
      await signalAll('SIGCONT')(site, node)
      stopped.delete(node)
    },
  },
  {
    name: 'all its processes are killed',
    begin: (_, node) => node.kill(),
    end: (_, node) => node.start(),
  },
  {
    name: 'its network is cut',
    begin: (site, node) => site.network.setLink(node.name, 'down'),
    end: (site, node) => site.network.setLink(node.name, 'up'),
    hearsLate: LEASE.durationMs < SESSION_SILENCE_MS,
  },
  {
    name: 'only its keeper stops',
    begin: async (_, node) => {
      const { keeper } = await node.processes()
      stopped.set(node, [keeper])
      process.kill(keeper, 'SIGSTOP')
    },
    end: async (site, node) => {
      await signalAll('SIGCONT')(site, node)
      stopped.delete(node)
    },
    hearsLate: true,
  },
]

let site: Site
let diskId: DiskId
let terms: LeaseTerms

beforeAll(async () => {
  site = await Site.start()
  diskId = (await site.addDisk()).id
  terms = (await site.element.status()).lease
})
afterAll(() => site?.[Symbol.asyncDispose]())

const tookMs: number[] = []
let next = 1n

/** The holder's and the other node's turns change from round to round, so that both stage again after a fault. */
test(`${ROUNDS} take-overs: one holder at a time, no write past the fence, none lost`, {
  timeout: 7_200_000,
}, async () => {
  await site.nodes[0].stage(diskId)
  for (let round = 0; round < ROUNDS; round += 1) {
    const fault = FAULTS[round % FAULTS.length] as Fault
    const [holder, other] = round % 2 === 0 ? site.nodes : [site.nodes[1], site.nodes[0]]
    await takeOver(fault, holder, other).catch((error) => {
      throw new Error(`round ${round}, ${fault.name}:\n${holder.logs()}\n${other.logs()}`, { cause: error })
    })
  }
  process.stdout.write(`take-overs within ${terms.boundMs} ms: ${distribution(tookMs)}\n`)
  await site.nodes[ROUNDS % 2 === 0 ? 0 : 1].unstage(diskId)
})

interface Outage {
  readonly name: string
  readonly begin: () => Promise<void>
  readonly end: () => Promise<void>
}

const OUTAGES: readonly Outage[] = [
  {
    name: "the disk of the element's database is frozen",
    begin: () => site.stateDisk.freeze(),
    end: () => site.stateDisk.thaw(),
  },
  {
    name: "the disk of the element's database is full",
    begin: () => fillStateDisk(site.stateDisk, site.element),
    end: () => site.stateDisk.free(),
  },
]

test.each(OUTAGES)(
  '$name: nothing is acknowledged after its bound; then the holder goes on',
  { timeout: 300_000 },
  async ({ begin, end }) => {
    const [holder] = site.nodes
    const boundMs = (await site.element.status()).authority.boundMs as number
    await holder.stage(diskId)
    const writer = new Writer(await holder.device(diskId), next)
    await writer.untilBusy()
    await begin()
    const begunNs = process.hrtime.bigint()
    try {
      await sleep(boundMs - Number(process.hrtime.bigint() - begunNs) / 1e6)
      const last = writer.last
      await sleep(LATE_MS)
      expect(writer.last, 'acknowledged after the bound').toBe(last)
    } finally {
      await end()
    }
    const endedNs = process.hrtime.bigint()
    const isBack = () => (writer.last?.atNs as bigint) > endedNs
    await expect.poll(isBack, { timeout: LEARN_MS * 3, interval: 50 }).toBe(true)
    expect(writer.errors).toBe('')
    await writer.stop()
    expect(missingFrom(await contentOf(), writer.acknowledged), 'acknowledged and lost').toEqual([])
    next = (writer.last?.number as bigint) + 1000n
    await holder.unstage(diskId)
  },
)

async function takeOver(fault: Fault, holder: ChaosNode, other: ChaosNode): Promise<void> {
  const writer = new Writer(await holder.device(diskId), next)
  await writer.untilBusy()
  await sleep(Math.random() * MAX_CALM_MS)
  const faultAt = process.hrtime.bigint()
  await fault.begin(site, holder)
  await using watch = watchHolders()
  const granted = await askUntilGranted(other)
  const content = await contentOf()
  tookMs.push(Number(granted.endedNs - faultAt) / 1e6)
  expect(tookMs.at(-1), 'longer than the bound').toBeLessThanOrEqual(terms.boundMs)

  await fault.end(site, holder)
  await expect.poll(() => isFailed(holder), { timeout: LEARN_MS, interval: 50 }).toBe(true)
  await Promise.race([
    writer.ended,
    sleep(LEARN_MS).then(() => Promise.reject(new Error('the writer goes on'))),
  ])
  expect(writer.errors).toMatch(/EIO|ENOTCONN|ENXIO|ENODEV|ENOSPC/)
  const lastNs = writer.last?.atNs as bigint
  if (!fault.hearsLate) expect(lastNs, 'acknowledged after the grant began').toBeLessThan(granted.beganNs)
  expect(missingFrom(content, writer.acknowledged), 'acknowledged and lost').toEqual([])
  expect((await contentOf()).equals(content), 'written after the fence').toBe(true)
  expect(await watch.most()).toBe(1)
  await holder.unstage(diskId)
  next = (writer.last?.number as bigint) + 1000n // far above what was under way and never acknowledged
}

const contentOf = async (): Promise<Buffer> => readFile(await site.fileOf(diskId))

/** Asks again and again, as Kubernetes does; tells when the call that was granted began and ended. */
async function askUntilGranted(node: ChaosNode): Promise<{ beganNs: bigint; endedNs: bigint }> {
  for (;;) {
    const beganNs = process.hrtime.bigint()
    try {
      await node.stage(diskId)
      return { beganNs, endedNs: process.hrtime.bigint() }
    } catch (error) {
      expect(String(error)).toMatch(/FAILED_PRECONDITION.*last heard of|ABORTED/)
    }
    await sleep(ASK_EVERY_MS)
  }
}

/** The node knows that it has lost the disk: its health says so, until it has taken it down and nothing is left. */
async function isFailed(node: ChaosNode): Promise<boolean> {
  const faults = await node.faults(diskId).catch((): readonly string[] => [])
  return faults.includes('SessionFailed') || faults.includes('DeviceGone')
}

/** Looks all the time at how many initiators the target shows the disk to. */
function watchHolders() {
  let most = 0
  let done = false
  const looking = (async () => {
    while (!done) {
      most = Math.max(most, await site.shownTo(diskId).catch(() => 0))
      await sleep(5)
    }
  })()
  const end = async (): Promise<number> => {
    done = true
    await looking
    return most
  }
  return { most: end, [Symbol.asyncDispose]: async () => void (await end()) }
}

function distribution(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): string =>
    `${Math.round(sorted[Math.floor((sorted.length - 1) * part)] as number)}`
  return `n ${sorted.length}, min ${at(0)}, median ${at(0.5)}, p90 ${at(0.9)}, max ${at(1)} ms`
}
