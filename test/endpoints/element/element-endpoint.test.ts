import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createElementApi, listen } from '../../../src/element/index.ts'
import { createElementEndpoint } from '../../../src/endpoints/element/element-endpoint.ts'
import type { VolumeGroups } from '../../../src/volumegroups/index.ts'
import type { Made } from '../../contract/volume-groups/helpers.ts'
import { volumeGroupsContract } from '../../contract/volume-groups.ts'
import { FakeVolumeGroups } from '../../fakes/fake-volume-groups.ts'
import { createWorld } from '../../fakes/world.ts'

/** What REST makes of these groups, on a real unix socket; `owned` is disposed of with it. */
async function overRest(groups: VolumeGroups, ...owned: AsyncDisposable[]): Promise<Made> {
  await using stack = new AsyncDisposableStack()
  for (const part of owned) stack.use(part)
  const directory = await mkdtemp(join(tmpdir(), 'mooring-rest-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const app = createElementApi({ groups, auth: { kind: 'local' }, log: pino({ level: 'silent' }) })
  stack.defer(() => app.close())
  const socketPath = await listen(app, { socketPath: join(directory, 'run', 'element.sock') })
  const endpoint = stack.use(createElementEndpoint({ socketPath }))
  const all = stack.move()
  return { groups: endpoint, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

volumeGroupsContract('fake over REST', () => overRest(new FakeVolumeGroups()))

volumeGroupsContract('service over REST', async () => {
  const world = await createWorld()
  const element = await world.boot()
  return overRest(element.service, world, element)
})
