import { volumeGroupsContract } from '../contract/volume-groups.ts'
import { createWorld } from '../fakes/world.ts'

volumeGroupsContract('in-process on SQLite', async () => {
  const world = await createWorld()
  const element = await world.boot()
  return {
    groups: element.service,
    [Symbol.asyncDispose]: async () => {
      await element[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
})
