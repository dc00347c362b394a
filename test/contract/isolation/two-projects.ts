import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { createElementApi } from '../../../src/element/index.ts'
import {
  type Caller,
  type DiskId,
  diskIds,
  operationIds,
  policyIds,
  projectIds,
  type Role,
  recoveryPointIds,
  tokenIds,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import type { VolumeGroupsService } from '../../../src/volumegroups/service.ts'
import { createWorld } from '../../fakes/world.ts'
import { diskSpec, initiatorId } from '../volume-groups/helpers.ts'

/** The names of all that is in one project, or of what is nowhere; of equal lengths. */
export interface Things {
  readonly path: string
  readonly projectId: string
  readonly groupName: string
  readonly groupId: string
  readonly emptyId: string
  readonly diskName: string
  readonly diskId: string
  readonly attachedId: string
  readonly pointName: string
  readonly pointId: string
  readonly groupedId: string
  readonly initiatorId: string
  readonly initiatorName: string
  readonly policyName: string
  readonly policyId: string
  readonly tokenId: string
  readonly operationId: string
  /** A page token that came with a list of this project's disks. */
  readonly pageToken: string
}

const nameOf = (letter: string) => ({
  path: `/${letter}`,
  groupName: `${letter}_group`,
  diskName: `${letter}_disk`,
  pointName: `${letter}_point`,
  initiatorId: `${letter}_node`,
  initiatorName: `iqn.2026-01.test:${letter}`,
  policyName: `${letter}_policy`,
})

/** What exists nowhere. */
export const nothing = (like: Things): Things => ({
  ...nameOf('x'),
  ...nobodysDisks(like),
  projectId: projectIds.create(),
  groupId: volumeGroupIds.create(),
  emptyId: volumeGroupIds.create(),
  pointId: recoveryPointIds.create(),
  groupedId: recoveryPointIds.create(),
  policyId: policyIds.create(),
  tokenId: tokenIds.create(),
  operationId: operationIds.create(),
  pageToken: like.pageToken.replace(/[0-9a-f-]{36}$/, randomUUID()),
})

/** In the order of the others, since a controller may sort them. */
function nobodysDisks(like: Things): Pick<Things, 'diskId' | 'attachedId'> {
  const [first, second] = [diskIds.create(), diskIds.create()].sort() as [DiskId, DiskId]
  return like.diskId < like.attachedId
    ? { diskId: first, attachedId: second }
    : { diskId: second, attachedId: first }
}

export const SETTINGS = {
  schedules: [{ kind: 'interval', everyMs: 3_600_000 }],
  retention: {
    ...{ newest: 3, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    ...{ minimumKept: 0, timeZone: 'UTC' },
  },
  lockMs: 0,
} as const

/** Fills a project with one of everything. */
export async function fill(service: VolumeGroupsService, letter: string): Promise<Things> {
  const names = nameOf(letter)
  const project = await service.createProject(names.path)
  const inGroup = { project: names.path, group: { kind: 'named', name: names.groupName } } as const
  const disk = await service.createDisk(diskSpec(names.diskName, inGroup))
  const attached = await service.createDisk(diskSpec(`held-${letter}`, inGroup))
  const empty = await service.createGroup({ name: `empty-${letter}`, project: names.path })
  const point = await service.createRecoveryPoint({
    name: names.pointName,
    diskIds: [disk.id],
    grouped: false,
  })
  const diskIdsOfBoth = [disk.id, attached.id]
  const grouped = await service.createRecoveryPoint({
    name: `both-${letter}`,
    diskIds: diskIdsOfBoth,
    grouped: true,
  })
  await attach(service, attached.id, { letter, projectId: project.id })
  const policy = await service.createPolicy({
    ...{ name: names.policyName, project: names.path, kind: 'snapshot' },
    ...SETTINGS,
  })
  const target = { kind: 'volumeGroup', id: disk.groupId } as const
  await service.assignPolicy({ target, kind: 'snapshot', policyId: policy.id })
  const { token } = await service.createToken({
    ...{ role: 'viewer', project: names.path, label: 'a person' },
    ...{ initiatorId: undefined, expiresAt: undefined },
  })
  const { items } = await service.listOperations()
  const operation = items.find(({ entities }) => entities.includes(disk.id))
  const page = await service.listDisks({ groupId: disk.groupId, limit: 1 })
  return {
    ...names,
    ...{ projectId: project.id, groupId: disk.groupId, emptyId: empty.id, diskId: disk.id },
    ...{ attachedId: attached.id, pointId: point.id, groupedId: grouped.id, policyId: policy.id },
    ...{ tokenId: token.id, operationId: operation!.id, pageToken: page.nextToken! },
  }
}

/** As a node of the project would do it. */
async function attach(
  service: VolumeGroupsService,
  diskId: DiskId,
  { letter, projectId }: { letter: string; projectId: Caller['projectId'] },
): Promise<void> {
  const id = initiatorId(`${letter}_node`)
  const caller = { id: `node of ${letter}`, projectId, initiatorId: id }
  await service.registerInitiator(
    { id, name: nameOf(letter).initiatorName, maxAttachments: 0 },
    { caller, idempotencyKey: 'shared' },
  )
  await service.grant({ diskId, initiatorId: id, readOnly: false, shared: false }, { caller })
}

/** An element with the projects /a and /b, its API, and a token of /a for each role. */
export async function twoProjects() {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await createWorld())
  const { service } = stack.use(await world.boot())
  const [a, b] = [await fill(service, 'a'), await fill(service, 'b')]
  const auth = { kind: 'bearer', tokens: [], tokenOf: service.tokenOf } as const
  const api = createElementApi({ groups: service, auth, log: pino({ level: 'silent' }) })
  stack.defer(() => api.close())
  const secrets = new Map<Role, string>()
  for (const role of ['viewer', 'node', 'provisioner', 'operator', 'admin'] as const) {
    const { secret } = await service.createToken({
      ...{ role, project: '/a', label: role, expiresAt: undefined },
      initiatorId: role === 'node' ? initiatorId('a_node') : undefined,
    })
    secrets.set(role, secret!)
  }
  const all = stack.move()
  return { world, service, api, secrets, a, b, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** All that a project's owner could see of it, to find out whether anything touched it. */
export async function stateOf(service: VolumeGroupsService, things: Things): Promise<unknown> {
  const groupId = things.groupId as VolumeGroupId
  const mine = { within: things.path, groupId }
  return [
    await service
      .listProjects({ under: '/' })
      .then(({ items }) => items.filter(({ path }) => path.startsWith(things.path))),
    (await service.listGroups()).items.filter(({ project }) => project === things.path),
    await service.listDisks(mine),
    await service.listRecoveryPoints(mine),
    await service.listDiskImages({ diskId: things.diskId as DiskId }),
    (await service.listInitiators()).items.filter(({ project }) => project === things.path),
    await service.listAttachments({ initiatorId: initiatorId(things.initiatorId) }),
    (await service.listPolicies()).items.filter(({ project }) => project === things.path),
    (await service.listTokens()).items.filter(({ project }) => project === things.path),
  ]
}
