import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../../src/database/open.ts'
import { createPoolGuard } from '../../../src/element/loops/pool-guard.ts'
import { createPoolRelief } from '../../../src/element/loops/pool-relief.ts'
import { createBtrfsStore } from '../../../src/host/stores/btrfs/store.ts'
import type { Disk } from '../../../src/volumegroups/index.ts'
import { createVolumeGroups } from '../../../src/volumegroups/service.ts'
import { createMemoryTarget } from '../../fakes/memory-target.ts'
import { createWorld } from '../../fakes/world.ts'
import { temporaryPool } from '../../host/stores/btrfs/temporary-pool.ts'

const MIB = 1024n ** 2n
const DISK_BYTES = 16n * MIB
const RETENTION = { newest: 99, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, timeZone: 'UTC' }

test('a full pool has space again when points were expired early; no more of them go than it takes', {
  timeout: 120_000,
}, async () => {
  const pool = await temporaryPool(1024n * MIB)
  const store = createBtrfsStore({ poolPath: pool.path })
  const world = await createWorld(store)
  const database = await openDatabase(world.databasePath)
  const element = { name: 'element-1', site: 'site-1', version: '0.0.0' }
  const service = createVolumeGroups({ database, store, target: createMemoryTarget(), element })
  const parts = { groups: service, log: pino({ level: 'silent' }) }
  const relief = createPoolRelief({
    ...parts,
    reader: database.reader,
    store,
    now: () => new Date(),
    restMs: 0,
  })
  const guard = createPoolGuard({ ...parts, relief, quickMs: Infinity })
  onTestFinished(async () => {
    for (const one of [guard, service, database, world, pool]) await one[Symbol.asyncDispose]()
  })
  await service.start()
  const size = { requiredBytes: DISK_BYTES, limitBytes: undefined }
  const disk = await service.createDisk({
    ...{ name: 'a', project: '/', group: { kind: 'named', name: 'a' }, size, attributes: {} },
  })
  const { id: policyId } = await service.createPolicy({
    ...{
      name: 'early',
      project: '/',
      kind: 'snapshot',
      schedules: [{ kind: 'interval', everyMs: 3_600_000 }],
    },
    ...{ retention: { ...RETENTION, minimumKept: 2 }, lockMs: 0, expireEarly: true },
  })
  await service.assignPolicy({ target: { kind: 'project', path: '/' }, kind: 'snapshot', policyId })
  const path = store.backingPath(disk.groupId, disk.id)
  const made: string[] = []
  while ((await service.lookAtPool()).state !== 'stopped') {
    await overwrite(path)
    const point = await service.createScheduledPoint({ groupId: disk.groupId, name: `point-${made.length}` })
    made.push(point.id)
  }
  await expect(grow(disk)).rejects.toMatchObject({
    reason: 'NO_SPACE',
    fix: expect.stringMatching(
      new RegExp(`^Delete recovery points, such as rp-\\S+ of ${disk.groupId} \\(1\\d{7} bytes\\)`),
    ),
  })
  await guard.tick()
  expect(await service.lookAtPool()).toMatchObject({ state: 'warning' })
  const left = (await service.listRecoveryPoints()).items.map(({ id }) => id)
  expect(left).toEqual(made.slice(made.length - left.length))
  expect(made.length - left.length).toBeLessThanOrEqual(2) // each held 16 MiB of its own
  await grow(disk)

  async function grow({ id }: Disk): Promise<Disk> {
    return service.growDisk(id, { requiredBytes: DISK_BYTES + MIB, limitBytes: undefined })
  }
})

async function overwrite(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.writeFile(randomBytes(Number(DISK_BYTES)))
  await file.sync()
}
