import { expect, test } from 'vitest'
import { CHANGES } from './interruption.ts'
import { createWorld } from './world.ts'

/** What an element calls that changes nothing, or is no part of any operation. */
const OTHERS = {
  database: ['reader', 'rehearse', 'prove', 'elementId', 'claim'],
  store: [
    ...['abilities', 'capacity', 'allocated', 'delta', 'space', 'quarantine', 'readManifest'],
    ...['backingPath', 'inventory', 'reclaim', 'inspectPoint', 'readOwner', 'writeOwner'],
    ...['open', 'damageManifest'], // of the fake alone
  ],
  target: ['start', 'portals', 'isServing', 'pause', 'resume', 'inventory', 'inspect', 'remake', 'reachable'],
}

test('every method by which an operation may change the world can fail and die in the battery of operations', async () => {
  await using world = await createWorld()
  await using element = await world.boot()
  const parts = { database: element.database, store: world.store, target: element.target }
  for (const name of ['database', 'store', 'target'] as const) {
    const known = [...CHANGES[name], ...OTHERS[name]]
    expect(
      Object.keys(parts[name]).filter((method) => !known.includes(method)),
      name,
    ).toEqual([])
  }
})
