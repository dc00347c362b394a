import { describe, expect, test } from 'vitest'
import type { Parts } from '../../src/volumegroups/operations/index.ts'
import { operationsOf } from '../../src/volumegroups/operations/index.ts'
import { inspect } from '../fakes/inspection.ts'
import { type Fate, twice } from '../fakes/interruption.ts'
import type { Element } from '../fakes/world.ts'
import {
  awayFrom,
  dieAt,
  expectConsistent,
  failAt,
  type MakeWorld,
  staged,
  undisturbed,
} from './operations/moments.ts'
import { SCENARIOS } from './operations/scenarios.ts'

/** Which fates each call meets, of those that are told apart. */
export interface Fates {
  readonly failures: readonly Fate[]
  readonly deaths: readonly Fate[]
  /** Whether everything goes away, and comes back, at each call. */
  readonly aways: boolean
}

const ALL: Fates = {
  failures: ['fail before', 'fail after'],
  deaths: ['die before', 'die after'],
  aways: true,
}

/**
 * What every operation promises when it fails or its process dies at any call: nothing is left, or all of it is
 * done, and the store, the target, the manifests and the database agree.
 */
export function operationsContract(
  name: string,
  make: MakeWorld,
  { failures, deaths, aways }: Fates = ALL,
): void {
  describe(`operations: ${name}`, () => {
    describe.each(SCENARIOS)('$name', (scenario) => {
      test('it is done, and done again changes nothing', async () => {
        await using stage = await staged(make)
        const { world, element, before } = stage
        await scenario.run(element.service, before)
        await expectConsistent(world, element)
        const once = await inspect(world, element)
        expect(once.database).not.toEqual(stage.looked.database)
        expect((await kindsDone(element)).at(-1)).toBe(kindOf(scenario))
        await scenario.run(element.service, before)
        expect(await inspect(world, element)).toEqual(once)
      })

      test('it fails at any call: nothing is left, or all of it is done, and a retry does it', async () => {
        const { calls, after } = await undisturbed(make, scenario)
        for (const fate of failures) {
          for (let atCall = 1; atCall <= calls; atCall += 1)
            await failAt(scenario, { make, atCall, fate, after })
        }
      })

      test('the process dies at any call: the next one finishes it forward or back', async () => {
        const { calls, after } = await undisturbed(make, scenario)
        for (const fate of deaths) {
          for (let atCall = 1; atCall <= calls; atCall += 1)
            await dieAt(scenario, { make, atCall, fate, after })
        }
      })
    })

    test.skipIf(!aways).each(SCENARIOS)(
      '$name: database, store and target go away at any call, and the same process finishes it when they are back',
      async (scenario) => {
        const { calls, after } = await undisturbed(make, scenario)
        for (let atCall = 1; atCall <= calls; atCall += 1) await awayFrom(scenario, { make, atCall, after })
      },
    )

    test('every kind of operation is among them', async () => {
      const kinds = Object.values(operationsOf({} as Parts)).map(({ kind }) => kind)
      expect(new Set(SCENARIOS.map(kindOf))).toEqual(new Set(kinds))
    })

    test.each(SCENARIOS)('$name: every step bears to be done twice', async (scenario) => {
      const { after } = await undisturbed(make, scenario)
      await using stage = await staged(make)
      await using element = await stage.world.boot({ wrap: twice })
      await scenario.run(element.service, stage.before)
      expect(await inspect(stage.world, element)).toEqual(after)
      await expectConsistent(stage.world, element)
    })

    test.each(UNDOABLE)(
      '$name: undone halfway when the process dies, it is undone again',
      async (scenario) => {
        const { calls } = await undisturbed(make, scenario)
        for (let failing = 2; failing <= calls; failing += 1) {
          for (let dying = failing + 1, isUndoing = true; isUndoing; dying += 1) {
            await using stage = await staged(make)
            const { world, element, before, interruption, looked } = stage
            interruption.arm([failing, 'fail after'], [dying, 'die after'])
            const call = scenario.run(element.service, before).catch(() => {})
            await Promise.race([interruption.dead, call])
            isUndoing = interruption.hits.length === 2 // else it was through before
            await using next = await world.boot()
            await expectConsistent(world, next)
            // A manifest that was written seals it, unless it was noted before the end that it is undone.
            const isSealed = interruption.hits[0] === 'writeManifest' && interruption.hits[1] === 'transact'
            const isUnclear = interruption.hits[0] === 'transact' || isSealed
            if (!isUnclear) expect(await inspect(world, next), `${interruption.hits}`).toEqual(looked)
          }
        }
      },
    )
  })
}

/** The first word of its name. */
const kindOf = ({ name }: { name: string }): string => name.split(' ')[0] as string

/** In the order in which they were begun. */
async function kindsDone({ service }: Element): Promise<string[]> {
  const { items } = await service.listOperations({ state: 'done' })
  return items.map(({ kind }) => kind)
}

const UNDOABLE = SCENARIOS.filter(({ name }) => /^(create|grant)/.test(name))
