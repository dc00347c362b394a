import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createElementApi, listen } from '../../../src/element/index.ts'
import { createElementEndpoint } from '../../../src/endpoints/element/element-endpoint.ts'
import { volumeGroupsContract } from '../../contract/volume-groups.ts'
import { FakeVolumeGroups } from '../../fakes/fake-volume-groups.ts'

volumeGroupsContract('fake over REST on a unix socket', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-rest-'))
  const socketPath = join(directory, 'run', 'element.sock')
  const log = pino({ level: 'silent' })
  const app = createElementApi({ groups: new FakeVolumeGroups(), auth: { kind: 'local' }, log })
  await listen(app, { socketPath })
  const groups = createElementEndpoint({ socketPath })
  return {
    groups,
    [Symbol.asyncDispose]: async () => {
      await groups[Symbol.asyncDispose]()
      await app.close()
      await rm(directory, { recursive: true })
    },
  }
})
