import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createControllerServices } from '../../src/controller/services.ts'
import type {
  CreateSnapshotResponse,
  CreateVolumeGroupSnapshotResponse,
  CreateVolumeResponse,
  GetSnapshotResponse,
  ListSnapshotsResponse,
  ListVolumesResponse,
  VolumeGroupSnapshot,
} from '../../src/csi/messages.ts'
import { serveCsi } from '../../src/csi/protocol.ts'
import { snapshotIdOf } from '../../src/csi/snapshot-id.ts'
import type { DiskId } from '../../src/volumegroups/index.ts'
import type { VolumeGroupsService } from '../../src/volumegroups/service.ts'
import { CsiClient } from '../fakes/csi-client.ts'
import { volumeRequest } from '../fakes/csi-controller.ts'
import { createWorld } from '../fakes/world.ts'

/** What csi-sanity leaves out, over the controller's socket, on an element with its store and target in memory. */
class Controller implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack
  readonly #client: CsiClient
  /** What the controller stands on. */
  readonly groups: VolumeGroupsService

  private constructor(stack: AsyncDisposableStack, client: CsiClient, groups: VolumeGroupsService) {
    this.#stack = stack
    this.#client = client
    this.groups = groups
  }

  static async start(): Promise<Controller> {
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'mooring-beyond-'))
    stack.defer(() => rm(folder, { recursive: true }))
    const world = stack.use(await createWorld())
    const { service: groups } = stack.use(await world.boot())
    const services = createControllerServices({ groups, attach: 'controller', version: '1.2.3' })
    const endpoint = `unix://${join(folder, 'controller.sock')}`
    stack.use(await serveCsi({ endpoint, services, log: pino({ level: 'silent' }) }))
    const client = stack.use(new CsiClient(endpoint))
    return new Controller(stack.move(), client, groups)
  }

  call<Response>(rpc: string, fields: object = {}): Promise<Response> {
    return this.#client.call<Response>(rpc, fields)
  }

  async volume(name: string, volumeGroup?: string): Promise<string> {
    const parameters = volumeGroup === undefined ? {} : { volumeGroup }
    const made = await this.call<CreateVolumeResponse>('CreateVolume', volumeRequest(name, { parameters }))
    return made.volume!.volumeId
  }

  async volumes(count: number, volumeGroup?: string): Promise<string[]> {
    const ids: string[] = []
    for (let index = 0; index < count; index += 1) {
      ids.push(await this.volume(`${volumeGroup ?? 'own'}-${index}`, volumeGroup))
    }
    return ids
  }

  async groupSnapshot(name: string, sourceVolumeIds: readonly string[]): Promise<VolumeGroupSnapshot> {
    const fields = { name, sourceVolumeIds }
    const made = await this.call<CreateVolumeGroupSnapshotResponse>('CreateVolumeGroupSnapshot', fields)
    return made.groupSnapshot!
  }

  async snapshotIds(fields: object = {}): Promise<string[]> {
    const { entries } = await this.call<ListSnapshotsResponse>('ListSnapshots', fields)
    return entries.map(({ snapshot }) => snapshot!.snapshotId)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

const refusedWith = (code: number, message: RegExp) => ({ code, details: expect.stringMatching(message) })
const members = ({ groupSnapshotId, snapshots }: VolumeGroupSnapshot) => ({
  groupSnapshotId,
  snapshotIds: snapshots.map(({ snapshotId }) => snapshotId),
})

describe('a group snapshot', () => {
  test('is made, found, listed by its members, restored from and deleted as one', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(3, 'db')
    const made = await csi.groupSnapshot('g', ids)
    const { groupSnapshotId, snapshotIds } = members(made)
    expect(made.snapshots.map(({ sourceVolumeId }) => sourceVolumeId).sort()).toEqual([...ids].sort())
    expect(await csi.call('GetVolumeGroupSnapshot', { groupSnapshotId, snapshotIds })).toEqual({
      groupSnapshot: made,
    })
    expect((await csi.snapshotIds()).sort()).toEqual([...snapshotIds].sort())
    for (const snapshot of made.snapshots) {
      const { snapshotId, sourceVolumeId } = snapshot
      const found = await csi.call<GetSnapshotResponse>('GetSnapshot', { snapshotId })
      expect(found.snapshot).toEqual({ ...snapshot, groupSnapshotId })
      expect(await csi.snapshotIds({ sourceVolumeId })).toEqual([snapshotId])
      const volumeContentSource = { snapshot: { snapshotId } }
      const fields = volumeRequest(`of-${snapshotId}`, { volumeContentSource })
      const restored = await csi.call<CreateVolumeResponse>('CreateVolume', fields)
      expect(restored.volume?.contentSource).toMatchObject(volumeContentSource)
    }
    await csi.call('DeleteVolumeGroupSnapshot', { groupSnapshotId, snapshotIds })
    expect(await csi.snapshotIds()).toEqual([])
    await csi.call('DeleteVolumeGroupSnapshot', { groupSnapshotId, snapshotIds })
    await expect(csi.call('GetVolumeGroupSnapshot', { groupSnapshotId, snapshotIds })).rejects.toMatchObject(
      refusedWith(5, /^RECOVERY_POINT_NOT_FOUND/),
    )
  })

  test('outlives its volumes, and none of its members goes alone', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(2, 'db')
    const { snapshotIds } = members(await csi.groupSnapshot('g', ids))
    for (const volumeId of ids) await csi.call('DeleteVolume', { volumeId })
    for (const snapshotId of snapshotIds) {
      await expect(csi.call('DeleteSnapshot', { snapshotId })).rejects.toMatchObject(
        refusedWith(3, /member of the group snapshot/),
      )
    }
    expect((await csi.snapshotIds()).sort()).toEqual([...snapshotIds].sort())
  })

  test('is the same for the same name and volumes, and refused for others', async () => {
    await using csi = await Controller.start()
    const [a, b, c] = (await csi.volumes(3, 'db')) as [string, string, string]
    const made = await csi.groupSnapshot('g', [a, b])
    expect(await csi.groupSnapshot('g', [b, a])).toEqual(made)
    for (const other of [[a], [a, c], [a, b, c]]) {
      await expect(csi.groupSnapshot('g', other)).rejects.toMatchObject(refusedWith(6, /^NAME_TAKEN/))
    }
    const elsewhere = await csi.volume('elsewhere')
    await expect(csi.groupSnapshot('h', [a, elsewhere])).rejects.toMatchObject(
      refusedWith(9, /^DISKS_NOT_TOGETHER/),
    )
    expect(await csi.snapshotIds()).toHaveLength(2)
  })

  test('is neither shown nor deleted for a list of snapshots that is not its own', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(2, 'db')
    const { groupSnapshotId, snapshotIds } = members(await csi.groupSnapshot('g', ids))
    const alone = { name: 's', sourceVolumeId: ids[0] }
    const { snapshot } = await csi.call<CreateSnapshotResponse>('CreateSnapshot', alone)
    for (const wrong of [[], snapshotIds.slice(1), [...snapshotIds, snapshot!.snapshotId]]) {
      for (const rpc of ['GetVolumeGroupSnapshot', 'DeleteVolumeGroupSnapshot']) {
        await expect(csi.call(rpc, { groupSnapshotId, snapshotIds: wrong })).rejects.toMatchObject(
          refusedWith(3, /snapshot_ids (does not name|names)/),
        )
      }
    }
    expect(await csi.snapshotIds()).toHaveLength(3)
  })
})

/** How many of the calls succeeded; those that did not were told to come again. */
async function settled<Response>(calls: readonly Promise<Response>[]): Promise<Response[]> {
  const outcomes = await Promise.allSettled(calls)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 10 })
  }
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

describe('group snapshots at the same time', () => {
  test('of one name are one, whoever comes first', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(3, 'db')
    const made = await settled(Array.from({ length: 10 }, () => csi.groupSnapshot('g', ids)))
    expect(made.length).toBeGreaterThan(0)
    const again = await csi.groupSnapshot('g', ids)
    for (const one of made) expect(one).toEqual(again)
    expect(await csi.snapshotIds()).toHaveLength(3)
  })

  test('of one group, made and deleted in any order, are each whole or not there', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(4, 'db')
    const first = await settled(Array.from({ length: 8 }, (_, index) => csi.groupSnapshot(`a${index}`, ids)))
    const making = Array.from({ length: 8 }, (_, index) => csi.groupSnapshot(`b${index}`, ids))
    const deleting = first.flatMap((one) =>
      [1, 2].map(() => csi.call('DeleteVolumeGroupSnapshot', members(one))),
    )
    const [made] = await Promise.all([settled(making), settled(deleting)])
    for (const one of first) await csi.call('DeleteVolumeGroupSnapshot', members(one))
    const expected = made.flatMap((one) => members(one).snapshotIds)
    expect((await csi.snapshotIds()).sort()).toEqual(expect.arrayContaining(expected.sort()))
    for (const [index] of Array.from({ length: 8 }).entries()) {
      expect((await csi.groupSnapshot(`b${index}`, ids)).snapshots).toHaveLength(4)
    }
    expect(await csi.snapshotIds()).toHaveLength(32)
  })

  test('while volumes of the group come and go', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(2, 'db')
    const others = Array.from({ length: 6 }, async (_, index) => {
      const volumeId = await csi.volume(`passing-${index}`, 'db')
      await csi.call('DeleteVolume', { volumeId })
    })
    const taken = Array.from({ length: 6 }, (_, index) => csi.groupSnapshot(`g${index}`, ids))
    const [made] = await Promise.all([settled(taken), settled(others)])
    expect(made.length).toBeGreaterThan(0)
    for (const one of made) {
      expect(one.snapshots.map(({ sourceVolumeId }) => sourceVolumeId).sort()).toEqual([...ids].sort())
    }
  })
})

/** Reads a list page by page; `between` runs after each page, and is told what was on it. */
async function paged(
  read: (page: {
    maxEntries: number
    startingToken: string
  }) => Promise<{ ids: string[]; nextToken: string }>,
  between: (page: readonly string[], number: number) => Promise<void>,
): Promise<string[]> {
  const found: string[] = []
  let startingToken = ''
  for (let number = 0; ; number += 1) {
    const { ids, nextToken } = await read({ maxEntries: 3, startingToken })
    found.push(...ids)
    if (nextToken === '') return found
    startingToken = nextToken
    await between(ids, number)
  }
}

describe('a list that changes between its pages', () => {
  test('of volumes shows each that was there all the time once, also when the last of a page is deleted', async () => {
    await using csi = await Controller.start()
    const ids = await csi.volumes(12)
    const gone = new Set<string>()
    const found = await paged(
      async (page) => {
        const { entries, nextToken } = await csi.call<ListVolumesResponse>('ListVolumes', page)
        return { ids: entries.map(({ volume }) => volume!.volumeId), nextToken }
      },
      async (page, number) => {
        const ahead = ids.findLast((id) => !gone.has(id) && !page.includes(id))!
        for (const volumeId of number < 3 ? [page.at(-1)!, ahead] : []) {
          await csi.call('DeleteVolume', { volumeId })
          gone.add(volumeId)
        }
        await csi.volume(`late-${number}`)
      },
    )
    expect(new Set(found).size).toBe(found.length)
    expect(gone.size).toBeGreaterThan(2)
    expect(found).toEqual(expect.arrayContaining(ids.filter((id) => !gone.has(id))))
  })

  test('of snapshots does so too, with groups of them among them', async () => {
    await using csi = await Controller.start()
    const sources = await csi.volumes(2, 'db')
    const groups = [await csi.groupSnapshot('g0', sources), await csi.groupSnapshot('g1', sources)]
    for (const index of [0, 1, 2, 3]) {
      await csi.call('CreateSnapshot', { name: `s${index}`, sourceVolumeId: sources[0] })
    }
    const before = await csi.snapshotIds()
    const found = await paged(
      async (page) => {
        const { entries, nextToken } = await csi.call<ListSnapshotsResponse>('ListSnapshots', page)
        return { ids: entries.map(({ snapshot }) => snapshot!.snapshotId), nextToken }
      },
      async (_page, number) => {
        if (number === 0) await csi.call('DeleteVolumeGroupSnapshot', members(groups[1]!))
        if (number < 3) await csi.groupSnapshot(`late-${number}`, sources)
      },
    )
    const stayed = before.filter((id) => !members(groups[1]!).snapshotIds.includes(id))
    expect(new Set(found).size).toBe(found.length)
    expect(found).toEqual(expect.arrayContaining(stayed))
  })
})

describe('a recovery point that CSI did not make', () => {
  test.each(['schedule', 'user'] as const)(
    'for a %s is a snapshot that a static content can name',
    async (reason) => {
      await using csi = await Controller.start()
      const [diskId] = (await csi.volumes(2, 'db')) as DiskId[]
      const { groupId } = await csi.groups.getDisk(diskId!)
      const spec = { name: 'p', groupId }
      const { id: recoveryPointId } =
        reason === 'schedule'
          ? await csi.groups.createScheduledPoint(spec)
          : await csi.groups.createGroupPoint({ ...spec, reason })
      const snapshotId = snapshotIdOf({ recoveryPointId, diskId: diskId! })
      const { snapshot } = await csi.call<GetSnapshotResponse>('GetSnapshot', { snapshotId })
      expect(snapshot).toMatchObject({ snapshotId, sourceVolumeId: diskId, readyToUse: true })
      expect(await csi.snapshotIds({ snapshotId })).toEqual([snapshotId])
      const source = { volumeContentSource: { snapshot: { snapshotId } } }
      const { volume } = await csi.call<CreateVolumeResponse>('CreateVolume', volumeRequest('r', source))
      expect(volume!.contentSource).toMatchObject({ snapshot: { snapshotId } })
    },
  )
})
