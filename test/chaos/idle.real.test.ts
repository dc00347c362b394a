import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { encodeRequest } from '../../src/host/targets/tgt/ipc.ts'
import { showTargets } from '../../src/host/targets/tgt/requests.ts'
import { CountingRelay } from '../support/counting-relay.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength, isLong } from '../support/duration.ts'
import {
  attachVolume,
  createVolume,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'
import { commitsIn } from '../support/wal.ts'

/**
 * Nothing happens: nothing is written, and nothing is told to the target, however many disks are attached. Sweeps that
 * compare all sides go on: each asks the target once what it serves.
 */

const DISKS = byLength(20, 100)
const IDLE_MS = byLength(20_000, 600_000)
const SWEEP_MS = byLength(2000, 60_000)
/** After the last attach: what that brings about is over then. */
const SETTLE_MS = 3000
const MIB = 1024 ** 2
const CLOCK_TICKS_PER_S = 100

let deployment: Deployment
let databasePath: string
beforeAll(async () => {
  deployment = await Deployment.start({
    ...{ name: 'mooring-idle', maxVolumes: DISKS, poolBytes: 16 * 1024 ** 3 },
    reconciler: { everyMs: SWEEP_MS },
  })
  databasePath = join(deployment.folder, 'element/element.db')
})
afterAll(() => deployment?.[Symbol.asyncDispose]())

test(`with ${DISKS} disks attached and idle, only leases are written and the target is only asked what it serves`, {
  timeout: byLength(240_000, 1_800_000),
}, async () => {
  const driver = deployment.driver()
  const volumes: TestVolume[] = []
  for (let index = 0; index < DISKS; index += 1) {
    const volume = await createVolume(driver, { name: `idle-${index}`, sizeBytes: 16 * MIB, access: 'block' })
    await attachVolume(driver, volume)
    volumes.push(volume)
  }
  await sleep(SETTLE_MS)
  {
    await using relay = await CountingRelay.at(deployment.targetSocket)
    emptyWal()
    const before = cpuMsOf('element')
    await sleep(IDLE_MS)
    const percent = ((cpuMsOf('element') - before) / IDLE_MS) * 100
    const commits = commitsIn(databasePath)
    process.stdout.write(
      `${DISKS} disks, idle for ${IDLE_MS / 1000} s: ${commits.length} commits, ` +
        `${relay.connections} requests that read the target, ${percent.toFixed(2)} % of a core for the element\n`,
    )
    const leases = pagesOfLeases()
    expect(commits.filter((pages) => pages.some((page) => !leases.has(page)))).toEqual([])
    const reading = encodeRequest(showTargets)
    expect(relay.requests.filter((request) => !request.equals(reading))).toEqual([])
    expect(relay.connections).toBeGreaterThan(0)
    expect(relay.connections).toBeLessThanOrEqual(IDLE_MS / SWEEP_MS)
    if (isLong) expect(percent).toBeLessThan(1)
  }
  await using element = createElementEndpoint({ socketPath: deployment.elementSocket })
  expect(await element.audit()).toMatchObject({ findings: [], sweeps: [] })
  for (const volume of volumes) {
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  }
})

/** Then the log holds what comes from now on, and all of it: it begins anew only after a thousand pages. */
function emptyWal(): void {
  using database = new DatabaseSync(databasePath)
  expect(database.prepare('pragma wal_checkpoint(truncate)').get()).toMatchObject({ busy: 0 })
}

/** Leases of one node fit into the first page of their table, and of each index on it. */
function pagesOfLeases(): ReadonlySet<number> {
  using database = new DatabaseSync(databasePath, { readOnly: true })
  const rows = database
    .prepare("select rootpage from sqlite_schema where tbl_name like '%lease%' or tbl_name = 'authority'")
    .all()
  return new Set(rows.map(({ rootpage }) => Number(rootpage)))
}

function cpuMsOf(role: 'element'): number {
  const stat = readFileSync(`/proc/${deployment.pid(role)}/stat`, 'utf8')
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return ((Number(userTicks) + Number(systemTicks)) * 1000) / CLOCK_TICKS_PER_S
}
