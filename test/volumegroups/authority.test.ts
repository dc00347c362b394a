import { expect, test } from 'vitest'
import { type AuthorityMode, createAuthority, timesOf } from '../../src/volumegroups/authority.ts'
import { prepare, SCENARIOS } from '../contract/operations/scenarios.ts'
import { inspect } from '../fakes/inspection.ts'
import { createWorld } from '../fakes/world.ts'

const LEASE_MS = 15_000
const { serveMs, boundMs, everyMs } = timesOf(LEASE_MS)

/** An authority on a clock that the test sets. */
function make(mode: AuthorityMode = 'bounded') {
  let bootMs = 1_000_000
  const clock = { bootMs: () => bootMs, now: () => new Date(bootMs) }
  const authority = createAuthority({ mode, leaseMs: LEASE_MS, ...clock })
  const pass = (ms: number): void => {
    bootMs += ms
  }
  const proveAndRegain = (): void => {
    authority.proven(bootMs)
    authority.regain()
  }
  return { authority, pass, proveAndRegain, bootMs: () => bootMs }
}

const lost = (why: RegExp) =>
  expect.objectContaining({ reason: 'AUTHORITY_LOST', message: expect.stringMatching(why) })

test('serving ends well within the bound, whatever two clocks differ by', () => {
  expect(timesOf(15_000)).toEqual({ everyMs: 3000, answerWithinMs: 5000, serveMs: 13_850, boundMs: 18_000 })
  for (const leaseMs of [3000, 15_000, 300_000]) {
    const times = timesOf(leaseMs)
    expect(times.serveMs).toBeGreaterThan(2 * times.everyMs)
    expect(times.serveMs * 1.01).toBeLessThan(leaseMs)
    expect(times.boundMs).toBeGreaterThanOrEqual(leaseMs + 3000)
  }
})

test('it has none before the first proof', () => {
  const { authority, proveAndRegain, bootMs } = make()
  expect(() => authority.check()).toThrow(lost(/nothing is proven yet/))
  proveAndRegain()
  authority.check()
  expect(authority.servesUntilMs).toBe(bootMs() + serveMs)
  expect(authority.status()).toMatchObject({ state: 'held', why: undefined, boundMs })
})

test('a proof counts from when it was begun, not from when the database answered', () => {
  const { authority, pass, bootMs } = make()
  const begun = bootMs()
  pass(4000)
  authority.proven(begun)
  expect(authority.servesUntilMs).toBe(begun + serveMs)
})

test('it is lost at once when the database fails, and says since when and why', () => {
  const { authority, pass, proveAndRegain, bootMs } = make()
  proveAndRegain()
  pass(1000)
  const until = authority.servesUntilMs
  authority.lose('its disk is full')
  expect(() => authority.check()).toThrow(lost(/its disk is full/))
  pass(1000)
  authority.lose('its disk has errors')
  expect(authority.status()).toMatchObject({ state: 'lost', why: 'its disk has errors' })
  expect(authority.status().since).toEqual(new Date(bootMs() - 1000))
  expect(authority.servesUntilMs).toBe(until)
})

test('a proof alone does not regain it: what was left open is finished first', () => {
  const { authority, bootMs } = make()
  authority.proven(bootMs())
  expect(() => authority.check()).toThrow(lost(/./))
  authority.regain()
  authority.check()
})

test('it is not regained when it was lost again after the proof', () => {
  const { authority, bootMs } = make()
  authority.proven(bootMs())
  authority.lose('its disk is full')
  authority.regain()
  expect(() => authority.check()).toThrow(lost(/full/))
})

test('an element that was stopped for longer than it may serve finds itself without', () => {
  const { authority, pass, proveAndRegain } = make()
  proveAndRegain()
  pass(serveMs - 1)
  authority.check()
  pass(1)
  expect(() => authority.check()).toThrow(lost(/no proof came in time/))
  proveAndRegain()
  authority.check()
})

test('proofs in time keep it without an end', () => {
  const { authority, pass, proveAndRegain, bootMs } = make()
  proveAndRegain()
  for (let round = 0; round < 100; round += 1) {
    pass(everyMs)
    authority.check()
    authority.proven(bootMs())
  }
  expect(authority.status().since).toEqual(new Date(1_000_000))
})

test('what is available is vouched for without authority, and not changed', () => {
  const { authority, proveAndRegain } = make('available')
  proveAndRegain()
  expect(authority.status().boundMs).toBeUndefined()
  authority.lose('its disk is full')
  authority.vouch()
  expect(() => authority.check()).toThrow(lost(/full/))
  const bounded = make()
  expect(() => bounded.authority.vouch()).toThrow(lost(/./))
})

test.each(SCENARIOS)('without it no $name: nothing is changed', async ({ run }) => {
  const { authority, proveAndRegain } = make()
  proveAndRegain()
  await using world = await createWorld()
  await using element = await world.boot({ authority })
  const before = await prepare(element.service, () => world.pass(3_600_000))
  const looked = await inspect(world, element)
  authority.lose('its disk is full')
  await expect(run(element.service, before)).rejects.toEqual(lost(/its disk is full/))
  expect(await inspect(world, element)).toEqual(looked)
  proveAndRegain()
  await run(element.service, before)
})

test('without it everything can still be read, but what the caller wants vouched for', async () => {
  const { authority, proveAndRegain } = make()
  proveAndRegain()
  await using world = await createWorld()
  await using element = await world.boot({ authority })
  const { diskId } = await prepare(element.service, () => {})
  authority.lose('its disk is full')
  expect(await element.service.getDisk(diskId)).toMatchObject({ id: diskId })
  await expect(element.service.getDisk(diskId, { authoritative: true })).rejects.toEqual(lost(/full/))
  await expect(element.service.listDisks({}, { authoritative: true })).rejects.toEqual(lost(/full/))
  expect((await element.service.status({ authoritative: true })).authority).toMatchObject({
    ...{ state: 'lost', why: 'its disk is full', boundMs, serving: true },
  })
})
