import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../src/host/exec.ts'
import { deleteSubvolume, snapshotWritable } from '../../../src/host/stores/btrfs/commands.ts'
import { layoutOf } from '../../../src/host/stores/btrfs/layout.ts'
import { createBtrfsStore } from '../../../src/host/stores/btrfs/store.ts'
import { callTgtd, type TgtRequest } from '../../../src/host/targets/tgt/ipc.ts'
import { socketPath } from '../../../src/host/targets/tgt/process.ts'
import * as requests from '../../../src/host/targets/tgt/requests.ts'
import { parseTargets } from '../../../src/host/targets/tgt/show.ts'
import { createTgtTarget, type TgtOptions } from '../../../src/host/targets/tgt/target.ts'
import type { Disk, Export, Finding, InitiatorId, Target } from '../../../src/volumegroups/index.ts'
import { createWorld, type Element, type World } from '../../fakes/world.ts'
import { temporaryPool } from '../../host/stores/btrfs/temporary-pool.ts'
import { look } from '../../host/targets/tgt/visitor.ts'
import { freePort } from '../../support/tgtd.ts'

/** What somebody changes behind the element's back, on a real tgtd and a real btrfs. */

const MIB = 1024n * 1024n
const DATA = randomBytes(64 * 1024)
const initiatorId = 'guest' as InitiatorId

let stack: AsyncDisposableStack
let world: World
let element: Element
let target: Target
let poolPath: string
let place: TgtOptions
let disks: readonly Disk[]
beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'mooring-drift-'))
  stack.defer(() => rm(directory, { recursive: true }))
  poolPath = stack.use(await temporaryPool(512n * MIB)).path
  const portal = { address: '127.0.0.1', port: await freePort() }
  place = { runDir: join(directory, 'run'), portal, log: pino({ level: 'silent' }) }
  target = stack.use(createTgtTarget(place))
  world = stack.use(await createWorld(createBtrfsStore({ poolPath })))
  element = stack.use(await world.boot({ wrap: (parts) => ({ ...parts, target }) }))
  disks = await furnished(element)
}, 60_000)
afterAll(() => stack?.disposeAsync())

async function furnished({ service }: Element): Promise<readonly Disk[]> {
  await service.registerInitiator({ id: initiatorId, name: 'iqn.2026-01.test:guest', maxAttachments: 0 })
  const made: Disk[] = []
  for (const [name, group] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ] as const) {
    const disk = await service.createDisk({
      ...{ name, project: '/', group: { kind: 'named', name: group }, attributes: {} },
      size: { requiredBytes: MIB, limitBytes: undefined },
    })
    await service.grant({ diskId: disk.id, initiatorId, readOnly: false, shared: false })
    await writeFile(world.store.backingPath(disk.groupId, disk.id), DATA, { flag: 'r+' })
    made.push(disk)
  }
  return made
}

const command = (request: TgtRequest): Promise<string> =>
  callTgtd(socketPath({ ...place, threads: 2 }), request)

const exportsNow = (): Promise<readonly Export[]> => element.service.exportsFromDatabase()

/** What its initiator sees of each disk that is granted. */
async function seen(): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = []
  for (const one of await exportsNow()) found.push((await look(target, one, one.lun))?.serial)
  return found
}

const sweep = async (): Promise<readonly string[]> =>
  (await element.service.sweep(AbortSignal.timeout(30_000))).findings.map(told)

const told = ({ kind, action, entities, failure }: Finding): string =>
  [kind, action, entities[0], failure?.reason].filter(Boolean).join(' ')

/** An audit tells of it, one sweep puts it right, the next finds nothing, and all that is granted is served. */
async function expectRepair(expected: readonly string[]): Promise<void> {
  expect((await element.service.audit()).findings.map(told)).toEqual(expected)
  expect(await sweep()).toEqual(expected)
  expect(await sweep()).toEqual([])
  expect(await seen()).toEqual((await exportsNow()).map(({ serial }) => serial))
  for (const { groupId, id } of disks) {
    const data = await readFile(world.store.backingPath(groupId, id))
    expect(data.subarray(0, DATA.length).equals(DATA), id).toBe(true)
  }
}

async function tidOf({ targetName }: Export): Promise<number> {
  const shown = parseTargets(await command(requests.showTargets))
  return shown.find(({ name }) => name === targetName)?.tid ?? 0
}

test('who is admitted to a target is changed by hand', async () => {
  const [one] = (await exportsNow()) as [Export]
  const tid = await tidOf(one)
  await command(requests.admit(tid, 'iqn.2026-01.test:stranger'))
  await expectRepair([`accessChanged repaired ${one.targetName}`])
  await command({ mode: 'target', op: 'bind', tid: await tidOf(one), parameters: 'initiator-address=ALL' })
  await expectRepair([`accessChanged repaired ${one.targetName}`])
  await command(requests.shutOut(await tidOf(one), one.initiatorName))
  await expectRepair([`accessChanged repaired ${one.targetName}`])
  await command(requests.unbindAccount(await tidOf(one), one.chap?.user ?? '', false))
  await expectRepair([`accessChanged repaired ${one.targetName}`])
})

test('a LUN is removed, added, or made to show another file or serial number', async () => {
  const [one, two] = (await exportsNow()) as [Export, Export]
  const [first, second] = disks as readonly [Disk, Disk]
  await command(requests.deleteLun(await tidOf(one), one.lun))
  await expectRepair([`lunMissing repaired ${first.id}`])
  const extra = { ...two, lun: 77 }
  await command(requests.newLun(await tidOf(one), extra))
  await command(requests.identifyLun(await tidOf(one), extra))
  await expectRepair([`lunUnknown repaired ${second.id}`])
  await command(requests.identifyLun(await tidOf(one), { ...one, serial: 'another' }))
  await expectRepair([`lunChanged repaired ${first.id}`])
  await command(requests.deleteLun(await tidOf(one), one.lun))
  const wrong = { ...one, backingPath: two.backingPath }
  await command(requests.newLun(await tidOf(one), wrong))
  await command(requests.identifyLun(await tidOf(one), wrong))
  await expectRepair([`lunChanged repaired ${first.id}`])
})

test('a target is deleted, and one that nobody knows is made', async () => {
  const [one] = (await exportsNow()) as [Export]
  const tid = await tidOf(one)
  for (const { lun, targetName } of await exportsNow()) {
    if (targetName === one.targetName) await command(requests.deleteLun(tid, lun))
  }
  await command(requests.deleteTarget(tid))
  await expectRepair([`targetMissing repaired ${one.targetName}`])
  for (const request of requests.newTarget(500, 'iqn.2026-01.test:strange')) await command(request)
  await command(requests.admit(500, one.initiatorName))
  await expectRepair(['targetUnknown repaired iqn.2026-01.test:strange'])
})

test('the file of a disk is removed, and put back', async () => {
  const [disk] = disks as readonly [Disk]
  const { service } = element
  const path = world.store.backingPath(disk.groupId, disk.id)
  await copyFile(path, join(poolPath, 'kept.img'))
  await rm(path)
  expect(await sweep()).toEqual([`dataMissing quarantined ${disk.id}`])
  expect(await exportsNow()).toHaveLength(2)
  expect(await seen()).toHaveLength(2)
  expect((await service.getDisk(disk.id)).dataMissingSince).toBeInstanceOf(Date)
  const again = service.grant({ diskId: disk.id, initiatorId, readOnly: false, shared: false })
  await expect(again).rejects.toMatchObject({ reason: 'DATA_MISSING' })
  expect(await sweep()).toEqual([`dataMissing reported ${disk.id}`])
  await copyFile(join(poolPath, 'kept.img'), path)
  await expectRepair([`dataFound repaired ${disk.id}`])
  expect((await service.getDisk(disk.id)).dataMissingSince).toBeUndefined()
})

test('the subvolume of a group is deleted, and put back from a snapshot that somebody kept', async () => {
  const disk = disks[2] as Disk
  const { service } = element
  const { active } = layoutOf(poolPath, disk.groupId)
  const kept = join(poolPath, 'kept')
  await run(snapshotWritable(active, kept))
  await service.createGroupPoint({ name: 'newer', groupId: disk.groupId })
  await run(deleteSubvolume(active))
  const missing = [disk.groupId, disk.id]
  expect((await sweep()).toSorted()).toEqual(missing.map((id) => `dataMissing quarantined ${id}`).toSorted())
  expect(await exportsNow()).toHaveLength(2)
  expect((await service.getGroup(disk.groupId)).dataMissingSince).toBeInstanceOf(Date)
  expect((await sweep()).toSorted()).toEqual(missing.map((id) => `dataMissing reported ${id}`).toSorted())
  await run(snapshotWritable(kept, active))
  await run(deleteSubvolume(kept))
  await expectRepair([
    ...missing.map((id) => `dataFound repaired ${id}`),
    `manifestWrong repaired ${disk.groupId}`,
  ])
  expect((await service.listRecoveryPoints()).items).toMatchObject([{ name: 'newer' }])
})
