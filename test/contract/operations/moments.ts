import { expect } from 'vitest'
import { contradictions, type Inspection, inspect } from '../../fakes/inspection.ts'
import { createInterruption, type Fate } from '../../fakes/interruption.ts'
import { keyed } from '../../fakes/keyed.ts'
import type { Element, World } from '../../fakes/world.ts'
import { prepare, type Scenario } from './scenarios.ts'

export type MakeWorld = () => Promise<World>

/** A prepared world, and an element on it that can be interrupted. */
export async function staged(make: MakeWorld) {
  const world = await make()
  const interruption = createInterruption()
  const element = await world.boot({ wrap: interruption.wrap })
  const before = await prepare(element.service, () => world.pass(3_600_000))
  return {
    ...{ world, interruption, element, before, looked: await inspect(world, element) },
    [Symbol.asyncDispose]: async () => {
      await element[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

/** How many calls the operation makes when nothing happens to it, and what it leaves. */
export async function undisturbed(
  make: MakeWorld,
  { run }: Scenario,
): Promise<{ calls: number; after: Inspection }> {
  await using stage = await staged(make)
  stage.interruption.arm()
  await run(stage.element.service, stage.before)
  return { calls: stage.interruption.calls, after: await inspect(stage.world, stage.element) }
}

export async function expectConsistent(world: World, element: Element): Promise<void> {
  expect(await contradictions(world, element)).toEqual([])
  expect(await openStates(element)).toEqual([])
}

/** The kinds of the operations that are neither done nor undone. */
async function openStates({ service }: Element): Promise<string[]> {
  const states = ['running', 'undoing', 'faulted'] as const
  const open = await Promise.all(states.map((state) => service.listOperations({ state })))
  return open.flatMap(({ items }) => items.map(({ kind, state }) => `${kind} is ${state}`))
}

/** A call of an operation, and what happens to it. */
export interface Moment {
  readonly make: MakeWorld
  readonly atCall: number
  readonly fate: Fate
  readonly after: Inspection
}

export async function failAt(scenario: Scenario, { make, atCall, fate, after }: Moment): Promise<void> {
  await using stage = await staged(make)
  const { world, element, before, interruption, looked } = stage
  interruption.arm([atCall, fate])
  const failed = await scenario.run(keyed(element.service, KEY), before).then(
    () => false,
    () => true,
  )
  expect(interruption.hits).toHaveLength(1)
  const running = async () => (await element.service.listOperations({ state: 'running' })).items
  const isUnclear = interruption.hits[0] === 'transact' && fate === 'fail after'
  if (!isUnclear) await expect.poll(running).toEqual([]) // what comes after the commit is tried again
  const seen = await inspect(world, element)
  const expected = failed ? looked : after
  // A commit that failed only in appearance is found in the database, at the latest by the next start.
  if (!isUnclear) {
    const { target, ...rest } = seen
    expect({ ...rest, target: expected.target }, `${interruption.hits} ${fate}`).toEqual(expected)
    if (!(failed && scenario.onlyCloses)) expect(target).toEqual(expected.target)
  }
  await using next = await world.boot()
  await expectFinal(scenario, stage, { element: next, after, where: `${interruption.hits} ${fate}` })
}

export async function dieAt(scenario: Scenario, { make, atCall, fate, after }: Moment): Promise<void> {
  await using stage = await staged(make)
  const { world, element, before, interruption, looked } = stage
  interruption.arm([atCall, fate])
  const call = scenario.run(keyed(element.service, KEY), before).catch(() => {})
  await Promise.race([interruption.dead, call])
  expect(interruption.hits).toHaveLength(1)
  const where = `${interruption.hits} ${fate}`
  await using next = await world.boot()
  await expectConsistent(world, next)
  const found = await inspect(world, next)
  expect([looked.database, after.database], where).toContainEqual(found.database)
  await using again = await world.boot()
  expect(await inspect(world, again), where).toEqual(found)
  await expectFinal(scenario, stage, { element: again, after, where })
}

/** Something goes wrong with what the element stands on, at one of its calls, and is put right after it. */
export interface Trouble extends Omit<Moment, 'fate'> {
  readonly fates: readonly (readonly [atCall: number, fate: Fate])[]
  readonly end?: () => Promise<void>
}

/** From this call on nothing answers, neither database nor store nor target; then all is well again. */
export function awayFrom(scenario: Scenario, moment: Omit<Moment, 'fate'>): Promise<void> {
  const fates = Array.from({ length: MANY }, (_, more) => [moment.atCall + more, 'fail before'] as const)
  return troubleAt(scenario, { ...moment, fates })
}

/** The same process finishes what it had to leave open. */
export async function troubleAt(scenario: Scenario, trouble: Trouble): Promise<void> {
  const { make, fates, after } = trouble
  await using stage = await staged(make)
  const { world, element, before, interruption, looked } = stage
  interruption.arm(...fates)
  await scenario.run(keyed(element.service, KEY), before).catch(() => {})
  expect(interruption.hits).not.toEqual([])
  const where = `trouble from ${interruption.hits[0]} on`
  interruption.arm()
  await trouble.end?.()
  // What is still tried again by itself is left alone, so it may take more than one.
  await expect
    .poll(async () => {
      await element.service.finishOpen()
      return openStates(element)
    })
    .toEqual([])
  await expectConsistent(world, element)
  const found = await inspect(world, element)
  expect([looked.database, after.database], where).toContainEqual(found.database)
  await expectFinal(scenario, stage, { element, after, where })
}

export const KEY = 'the-same-key'
/** More calls than an operation makes with all its retries. */
const MANY = 2000

/** The call, made again with its key, brings about what it was to, and answers so from then on. */
export async function expectFinal(
  scenario: Scenario,
  { world, before }: Pick<Awaited<ReturnType<typeof staged>>, 'world' | 'before'>,
  { element, after, where }: { element: Element; after: Inspection; where: string },
): Promise<void> {
  // What has no result is remembered as null.
  const run = async (): Promise<unknown> => (await scenario.run(keyed(element.service, KEY), before)) ?? null
  const answer = await run()
  expect(await inspect(world, element), `retry after ${where}`).toEqual(after)
  expect(await run(), where).toEqual(answer)
  expect(await inspect(world, element), where).toEqual(after)
  await expectConsistent(world, element)
}
