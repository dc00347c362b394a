import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthorityKeeper } from '../../../src/element/loops/authority-keeper.ts'
import { createAuthority, StorageError, timesOf } from '../../../src/volumegroups/index.ts'

/** So long that only the test's own proofs come after the first. */
const LEASE_MS = 100_000_000
const { serveMs } = timesOf(LEASE_MS)
const log = pino({ level: 'silent' })

async function make() {
  let bootMs = 1000
  let fault: Error | undefined
  let finishes = 0
  let blocked: Promise<void> = Promise.resolve()
  const renewals: number[] = []
  const clock = { bootMs: () => bootMs, now: () => new Date(bootMs) }
  const authority = createAuthority({ mode: 'bounded', leaseMs: LEASE_MS, ...clock })
  const prove = async (): Promise<void> => {
    if (fault) throw fault
  }
  const finishOpen = async (): Promise<void> => {
    finishes += 1
    await blocked
  }
  const keeper = createAuthorityKeeper({
    ...{ authority, database: { prove }, leaseMs: LEASE_MS, bootMs: clock.bootMs, finishOpen, log },
    renewed: (untilMs) => renewals.push(untilMs),
  })
  onTestFinished(() => keeper[Symbol.asyncDispose]())
  await keeper.held
  return {
    ...{ authority, keeper, renewals },
    finishes: () => finishes,
    at: (ms: number) => {
      bootMs = ms
    },
    fail: (error: Error | undefined) => {
      fault = error
    },
    block: (until: Promise<void>) => {
      blocked = until
    },
  }
}

const full = new StorageError('DATABASE_UNAVAILABLE', 'its disk is full')
const state = ({ authority }: Awaited<ReturnType<typeof make>>) => authority.status().state

test('each proof lets what is granted be served on, from when it was begun', async () => {
  const made = await make()
  expect(made.renewals).toEqual([1000 + serveMs])
  made.at(5000)
  await made.keeper.prove()
  expect(made.renewals).toEqual([1000 + serveMs, 5000 + serveMs])
  expect(made.finishes()).toBe(1)
})

test('a proof that fails loses the authority, and nothing is renewed', async () => {
  const made = await make()
  made.fail(full)
  await made.keeper.prove()
  expect(made.authority.status()).toMatchObject({ state: 'lost', why: 'its disk is full' })
  expect(made.renewals).toHaveLength(1)
})

test('it is regained when the database is well and what was left open is finished', async () => {
  const made = await make()
  made.fail(full)
  await made.keeper.prove()
  made.fail(undefined)
  const finished = Promise.withResolvers<void>()
  made.block(finished.promise)
  await made.keeper.prove()
  expect(made.renewals).toHaveLength(2) // the target is needed to finish it
  expect(state(made)).toBe('lost')
  finished.resolve()
  await expect.poll(() => state(made)).toBe('held')
})

test('what can not be finished keeps it lost, and is tried again with the next proof', async () => {
  const made = await make()
  made.authority.lose('its disk is full')
  made.block(Promise.reject(full))
  await made.keeper.prove()
  await expect.poll(() => made.finishes()).toBe(2)
  expect(state(made)).toBe('lost')
  made.block(Promise.resolve())
  await expect
    .poll(async () => {
      await made.keeper.prove()
      return state(made)
    })
    .toBe('held')
})
