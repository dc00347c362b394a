import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Pool } from '../../src/host/pool.ts'
import { createBtrfsStore } from '../../src/host/stores/btrfs/store.ts'
import { expectConsistent, expectFinal, troubleAt, undisturbed } from '../contract/operations/moments.ts'
import { type Before, SCENARIOS, type Scenario } from '../contract/operations/scenarios.ts'
import { inspect } from '../fakes/inspection.ts'
import { createWorld } from '../fakes/world.ts'
import { temporaryPool } from '../host/stores/btrfs/temporary-pool.ts'
import { byLength } from '../support/duration.ts'
import { StateDisk } from '../support/state-disk.ts'

/**
 * Every kind of operation, on a real store and a real database file: its process is killed, or stopped for a while,
 * before any of its calls; or the disk of its database runs full there. It is done or undone, and the same call with
 * the same key does it. The short form takes some kinds and one call of each, at random.
 */

const ROOT = resolve(import.meta.dirname, '../..')
const VICTIM = join(import.meta.dirname, 'every-operation/victim.ts')
const STATE_DISK_BYTES = 16 * 1024 ** 2

let folder: string
let pool: Pool
let disk: StateDisk
let worlds = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-operations-'))
  pool = await temporaryPool(64n * 1024n ** 3n)
  disk = await StateDisk.mount(join(folder, 'state.img'), join(folder, 'state'), STATE_DISK_BYTES)
})
afterAll(async () => {
  await disk?.[Symbol.asyncDispose]()
  await pool?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function newPlace(): Promise<{ directory: string; poolPath: string }> {
  const name = `world-${worlds++}`
  const place = { directory: join(folder, name), poolPath: join(pool.path, name) }
  await mkdir(place.directory)
  await mkdir(place.poolPath)
  return place
}

/** The numbers of the calls at which something is to happen. */
const momentsOf = (calls: number): number[] =>
  byLength(
    [1 + Math.floor(Math.random() * calls)],
    Array.from({ length: calls }, (_, index) => index + 1),
  )

const makeAnywhere = async () => {
  const { directory, poolPath } = await newPlace()
  return createWorld(createBtrfsStore({ poolPath }), { directory })
}

/** As many of them, each at most once. */
const someOf = <Item>(items: readonly Item[], count: number): Item[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ item }) => item)

const kinds = (short: number): readonly Scenario[] => byLength(someOf(SCENARIOS, short), SCENARIOS)
const LIMIT = { timeout: 600_000 }

test.each(kinds(10))('the process is killed in $name', LIMIT, async (scenario) => {
  const { calls, after } = await undisturbed(makeAnywhere, scenario)
  for (const atCall of momentsOf(calls)) {
    const place = await newPlace()
    const victim = await started(scenario, { ...place, atCall, signal: 'SIGKILL' })
    const [code, signal] = await victim.ended
    expect({ code, signal }, victim.errors()).toEqual({ code: null, signal: 'SIGKILL' })
    await expectDone(scenario, {
      ...place,
      victim,
      after,
      where: `SIGKILL before call ${atCall} of ${calls}`,
    })
  }
})

test.each(kinds(5))('the process is stopped in $name, and goes on', LIMIT, async (scenario) => {
  const { calls, after } = await undisturbed(makeAnywhere, scenario)
  for (const atCall of momentsOf(calls)) {
    const place = await newPlace()
    const victim = await started(scenario, { ...place, atCall, signal: 'SIGSTOP' })
    await expect.poll(() => stateOf(victim.process), { timeout: 60_000 }).toBe('T')
    victim.process.kill('SIGCONT')
    expect((await victim.ended)[0], victim.errors()).toBe(0)
    await expectDone(scenario, {
      ...place,
      victim,
      after,
      where: `SIGSTOP before call ${atCall} of ${calls}`,
    })
  }
})

test.each(kinds(10))('the disk of the database runs full in $name', LIMIT, async (scenario) => {
  const make = async () => {
    const { poolPath } = await newPlace()
    return createWorld(createBtrfsStore({ poolPath }), { directory: disk.target })
  }
  const { calls, after } = await undisturbed(make, scenario)
  for (const atCall of momentsOf(calls)) {
    const fates = [[atCall, () => disk.fill()]] as const
    await troubleAt(scenario, { make, atCall, after, fates, end: () => disk.free() })
  }
})

interface Victim {
  readonly process: ChildProcess
  readonly ended: Promise<[code: number | null, signal: string | null]>
  readonly before: () => Before
  readonly errors: () => string
}

async function started(
  { name }: Scenario,
  how: { directory: string; poolPath: string; atCall: number; signal: string },
): Promise<Victim> {
  const { directory, poolPath, atCall, signal } = how
  const node = join(ROOT, 'node_modules/.bin/node')
  const child = spawn(node, [VICTIM, directory, poolPath, name, String(atCall), signal], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString()
    })
  }
  return {
    process: child,
    ended: once(child, 'close') as Promise<[number | null, string | null]>,
    before: () => JSON.parse(output.stdout) as Before,
    errors: () => output.stderr,
  }
}

const stateOf = async ({ pid }: ChildProcess): Promise<string | undefined> =>
  /^State:\s+(\S)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]

/** After a start, and after another one that changes nothing, the call with its key brings about what it was to. */
async function expectDone(
  scenario: Scenario,
  made: {
    readonly directory: string
    readonly poolPath: string
    readonly victim: Victim
    readonly after: Awaited<ReturnType<typeof undisturbed>>['after']
    readonly where: string
  },
): Promise<void> {
  const { directory, poolPath, victim, after, where } = made
  await using world = await createWorld(createBtrfsStore({ poolPath }), {
    ...{ directory, from: '2026-02-01T00:00:00Z' },
  })
  {
    await using first = await world.boot()
    await expectConsistent(world, first)
    const found = await inspect(world, first)
    await using second = await world.boot()
    expect(await inspect(world, second), where).toEqual(found)
  }
  await using element = await world.boot()
  const before = { ...victim.before(), silence: () => world.pass(3_600_000) }
  await expectFinal(scenario, { world, before }, { element, after, where })
}
