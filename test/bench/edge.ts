import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openDatabase } from '../../src/database/open.ts'
import { createElementApi, createMetrics, listen } from '../../src/element/index.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { createVolumeGroups } from '../../src/volumegroups/service.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { createMemoryTarget } from '../fakes/memory-target.ts'
import { type Figure, median, timedMs } from './figures.ts'

const WARM_UP = 100
const ROUNDS = 300

/** What REST edge, journal and database cost an operation: whole calls, on a store and a target that do nothing. */
export async function measureEdge(): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'mooring-bench-edge-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const database = stack.use(await openDatabase(join(folder, 'element.db')))
  const groups = stack.use(
    createVolumeGroups({
      ...{ database, store: createMemoryStore(), target: createMemoryTarget() },
      element: { name: 'bench', site: 'bench', version: '0' },
    }),
  )
  await groups.start()
  const log = pino({ level: 'silent' })
  const api = createElementApi({ groups, log, auth: { kind: 'local' }, metrics: createMetrics('0') })
  stack.defer(() => api.close())
  await listen(api, { socketPath: join(folder, 'element.sock') })
  const client = stack.use(createElementEndpoint({ socketPath: join(folder, 'element.sock') }))
  const createMs: number[] = []
  const deleteMs: number[] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const size = { requiredBytes: 2n ** 26n, limitBytes: undefined }
    const spec = {
      name: `disk-${round}`,
      project: '/',
      group: { kind: 'own' },
      size,
      attributes: {},
    } as const
    let disk: Awaited<ReturnType<typeof client.createDisk>> | undefined
    createMs.push(
      await timedMs(async () => {
        disk = await client.createDisk(spec, { idempotencyKey: `create-${round}` })
      }),
    )
    const { id } = disk as NonNullable<typeof disk>
    deleteMs.push(await timedMs(() => client.deleteDisk(id, {}, { idempotencyKey: `delete-${round}` })))
  }
  const figure = (call: string, samplesMs: readonly number[]): Figure => ({
    name: `REST, journal and database of ${call}, p50`,
    value: median(samplesMs.slice(WARM_UP)),
    unit: 'ms',
    samples: ROUNDS,
    atMost: 5,
  })
  return [figure('createDisk', createMs), figure('deleteDisk', deleteMs)]
}
