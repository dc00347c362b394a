import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { createControllerServices } from '../../src/controller/services.ts'
import { API, API_ROOT, type CallName } from '../../src/element/schemas/index.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { statusOf } from '../../src/rpc/status.ts'
import { asStorageError, type Role } from '../../src/volumegroups/index.ts'
import { HIDDEN_INITIATOR } from '../../src/volumegroups/scope.ts'
import { CSI_CALLS, type Rpc } from '../contract/isolation/csi-calls.ts'
import { type Asked, REST_CALLS } from '../contract/isolation/rest-calls.ts'
import { nothing, stateOf, type Things, twoProjects } from '../contract/isolation/two-projects.ts'
import {
  addInitiator,
  attach,
  diskSpec,
  initiatorId,
  MiB,
  refused,
} from '../contract/volume-groups/helpers.ts'
import { request } from '../fakes/csi-client.ts'
import { testCall } from '../fakes/rpc.ts'
import { createWorld } from '../fakes/world.ts'

/**
 * Isolation: what a token of one project is told of another project's things is, byte for byte, what it is told of
 * things that do not exist, but for the names that it gave itself, the request's id, and ids and times made anew.
 */

const ROLES: readonly Role[] = ['viewer', 'node', 'provisioner', 'operator', 'admin']
const names = Object.keys(API) as CallName[]

describe.each(ROLES)('over REST, a token with the role %s', (role) => {
  test('is told of what is in another project what it is told of nothing, for every call', async () => {
    await using pair = await twins()
    const { there, nowhere, b, absent } = pair
    const before = await stateOf(there.service, b)
    const askThere = asker(there.api, there.secrets.get(role)!)
    const askNowhere = asker(nowhere.api, nowhere.secrets.get(role)!)
    for (const name of names) {
      const told = REST_CALLS[name](absent, nowhere.a)
      for (const [index, asked] of REST_CALLS[name](b, there.a).entries()) {
        const key = `key ${name} ${index}`.replaceAll(' ', '-')
        const seen = anonymous(await askThere(name, asked, key), b)
        expect(seen, `${name} ${JSON.stringify(asked)}`).toBe(
          anonymous(await askNowhere(name, told[index]!, key), absent),
        )
      }
    }
    expect(await stateOf(there.service, b)).toEqual(before)
  })
})

test('the calls are real ones: the same token may do them with what is its own', async () => {
  await using stage = await twoProjects()
  const { api, a, secrets } = stage
  const ask = asker(api, secrets.get('viewer')!)
  const reads = [
    'getProject',
    'getGroup',
    'getDisk',
    'getRecoveryPoint',
    'getInitiator',
    'getOperation',
  ] as const
  for (const name of [...reads, 'getPolicy', 'groupPolicies', 'groupSpace', 'allocated'] as const) {
    expect((await ask(name, REST_CALLS[name](a, a)[0]!, name)).split('\n')[0], name).toBe('200')
  }
})

/** Two elements with the same in them: one is asked of the project /b, the other of what it does not have. */
async function twins() {
  await using stack = new AsyncDisposableStack()
  const there = stack.use(await twoProjects())
  const nowhere = stack.use(await twoProjects())
  const all = stack.move()
  const dispose = () => all.disposeAsync()
  return { there, nowhere, b: there.b, absent: nothing(there.b), [Symbol.asyncDispose]: dispose }
}

function asker(api: FastifyInstance, secret: string) {
  return async (name: CallName, { params = {}, query = {}, body }: Asked, key: string): Promise<string> => {
    const { method, path } = API[name]
    const filled = path.replaceAll(/:(\w+)/g, (_, parameter: string) =>
      encodeURIComponent(params[parameter]!),
    )
    const answer = await api.inject({
      method,
      url: `${API_ROOT}${filled}?${new URLSearchParams(query)}`,
      headers: { authorization: `Bearer ${secret}`, 'idempotency-key': key },
      ...(body && { payload: body }),
    })
    const { 'request-id': id, date: _, ...headers } = answer.headers
    const shown = JSON.stringify(headers)
    return [answer.statusCode, shown, answer.body].join('\n').replaceAll(String(id), 'the request')
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
/** A page's token holds the time of its last item; a CSI answer has times as numbers. */
const MOMENT = /:\d{13}:|"(seconds|nanos)":"?\d+"?/g
const SECRET = /mooring_[\w-]+/g

/** An answer without the names that the question held, in the order of their lengths, and without what is new each time. */
function anonymous(answer: string, things: Things): string {
  const given = Object.entries(things).sort(([, one], [, other]) => other.length - one.length)
  const named = given.reduce(
    (text, [field, name]) =>
      field === 'path'
        ? text.replaceAll(new RegExp(`${name}(?![\\w-])`, 'g'), '<path>')
        : text.replaceAll(name, `<${field}>`),
    answer,
  )
  return named
    .replaceAll(/snap-[0-9a-f-]{36}\.[0-9a-f-]{36}/g, '<snapshot>')
    .replaceAll(UUID, '#')
    .replaceAll(TIME, 'then')
    .replaceAll(MOMENT, 'then')
    .replaceAll(SECRET, 'secret')
}

test('over CSI, a controller of one project is told of another what it is told of nothing, for every RPC', async () => {
  await using pair = await twins()
  const { there, nowhere, b, absent } = pair
  const before = await stateOf(there.service, b)
  await using asked = await controllerOf(there)
  await using told = await controllerOf(nowhere)
  expect(asked.rpcs).toEqual(Object.keys(CSI_CALLS).sort())
  for (const rpc of Object.keys(CSI_CALLS) as Rpc[]) {
    const other = CSI_CALLS[rpc](absent, nowhere.a)
    for (const [index, fields] of CSI_CALLS[rpc](b, there.a).entries()) {
      const seen = anonymous(await asked.call(rpc, fields), b)
      expect(seen, `${rpc} ${JSON.stringify(fields)}`).toBe(
        anonymous(await told.call(rpc, other[index]!), absent),
      )
    }
  }
  expect(await stateOf(there.service, b)).toEqual(before)
})

/** A controller that reaches the element over HTTP, with the project's provisioner token. */
async function controllerOf({ api, secrets }: Awaited<ReturnType<typeof twoProjects>>) {
  await api.listen({ host: '127.0.0.1', port: 0 })
  const groups = createElementEndpoint({ url: api.listeningOrigin, token: secrets.get('provisioner')! })
  const { Controller, GroupController, SnapshotMetadata } = createControllerServices({
    ...{ groups, attach: 'controller', version: '1.2.3', volumeHealth: true },
  })
  const handlers: Record<string, unknown> = { ...Controller, ...GroupController, ...SnapshotMetadata }
  return {
    rpcs: Object.keys(handlers).sort(),
    call: async (rpc: Rpc, fields: object): Promise<string> => {
      const handler = handlers[rpc] as (request: object, call: unknown) => unknown
      const name = `${rpc.charAt(0).toUpperCase()}${rpc.slice(1)}`
      try {
        const answer = handler(request(name, fields), testCall())
        const isStream = Symbol.asyncIterator in Object(answer)
        return JSON.stringify(isStream ? await Array.fromAsync(answer as never) : await answer)
      } catch (error) {
        return JSON.stringify(statusOf(asStorageError(error)))
      }
    },
    [Symbol.asyncDispose]: () => groups[Symbol.asyncDispose](),
  }
}

describe('one project', () => {
  /** A disk of /a that the node of the root holds, seen by a caller of /a. */
  async function heldFromAbove() {
    await using stack = new AsyncDisposableStack()
    const world = stack.use(await createWorld())
    const { service } = stack.use(await world.boot())
    const { id: projectId } = await service.createProject('/a')
    const caller = { id: 'someone', projectId, initiatorId: undefined }
    const disk = await service.createDisk(diskSpec('d', { project: '/a' }))
    await addInitiator(service, 'above')
    await attach(service, disk.id, 'above')
    const all = stack.move()
    return { service, disk, caller, [Symbol.asyncDispose]: () => all.disposeAsync() }
  }

  test('who holds its disk from outside is not told, that somebody does is', async () => {
    await using stage = await heldFromAbove()
    const { service, disk, caller } = stage
    const seen = await service.getDisk(disk.id, { caller })
    expect(seen.attachedTo).toEqual([HIDDEN_INITIATOR])
    expect((await service.listDisks({}, { caller })).items).toEqual([seen])
    const size = { requiredBytes: 64n * MiB, limitBytes: undefined }
    expect((await service.growDisk(disk.id, size, { caller })).attachedTo).toEqual([HIDDEN_INITIATOR])
    expect((await service.listAttachments({ diskId: disk.id }, { caller })).items).toEqual([])
    const own = { ...caller, initiatorId: initiatorId('a_node') }
    const spec = { id: own.initiatorId, name: 'iqn.2026-01.test:a', maxAttachments: 0 }
    await service.registerInitiator(spec, { caller: own })
    const rights = { diskId: disk.id, initiatorId: own.initiatorId, readOnly: false, shared: false }
    const unnamed = { message: expect.not.stringContaining('above') }
    await refused(service.grant(rights, { caller: own }), 'DISK_ATTACHED', unnamed)
    await refused(service.deleteDisk(disk.id, {}, { caller }), 'DISK_ATTACHED', unnamed)
    await refused(service.connection(disk.id, initiatorId('above'), { caller }), 'ATTACHMENT_NOT_FOUND')
    await service.revoke(disk.id, initiatorId('above'), { caller })
    expect((await service.getDisk(disk.id)).attachedTo).toEqual(['above'])
    const { items } = await service.listOperations({}, { caller })
    expect(items.map(({ kind }) => kind)).toContain('grant')
    expect(JSON.stringify(items)).not.toContain('above')
    await service.revoke(disk.id, undefined, { caller })
    expect((await service.getDisk(disk.id)).attachedTo).toEqual([])
  })

  test('an initiator holds disks of its project only, and neither can be moved away from the other', async () => {
    await using stage = await heldFromAbove()
    const { service, disk, caller } = stage
    const own = { ...caller, initiatorId: initiatorId('a_node') }
    const spec = { id: own.initiatorId, name: 'iqn.2026-01.test:a', maxAttachments: 0 }
    expect(await service.registerInitiator(spec, { caller: own })).toMatchObject({ project: '/a' })
    const elsewhere = await service.createDisk(diskSpec('e'))
    await refused(attach(service, elsewhere.id, 'a_node'), 'INITIATOR_OUT_OF_PROJECT')
    await service.revoke(disk.id, undefined)
    await attach(service, disk.id, 'a_node')
    await refused(service.moveGroup(disk.groupId, '/'), 'DISK_ATTACHED', {
      message: expect.stringContaining(disk.id),
    })
    expect(await service.moveProject(caller.projectId, '/z')).toMatchObject({ path: '/z' })
    expect((await service.getInitiator(own.initiatorId)).project).toBe('/z')
    await service.createProject('/z/deep')
    await service.moveGroup(disk.groupId, '/z/deep')
  })

  test("a node's new token takes its initiator to its project, if it holds nothing outside", async () => {
    await using stage = await heldFromAbove()
    const { service, disk, caller } = stage
    const own = { ...caller, initiatorId: initiatorId('above') }
    const spec = { id: own.initiatorId, name: 'iqn.2026-01.test:above', maxAttachments: 0 }
    const outside = await service.createDisk(diskSpec('outside'))
    await attach(service, outside.id, 'above')
    await refused(service.registerInitiator(spec, { caller: own }), 'INITIATOR_IN_USE')
    await service.revoke(outside.id, undefined)
    expect(await service.registerInitiator(spec, { caller: own })).toMatchObject({ project: '/a' })
    expect((await service.getDisk(disk.id, { caller })).attachedTo).toEqual(['above'])
  })

  test('it can not be moved or deleted by its own tokens, and they make none for nodes or for others', async () => {
    await using stage = await heldFromAbove()
    const { service, caller } = stage
    const call = { caller }
    await refused(service.moveProject(caller.projectId, '/b', call), 'PERMISSION_DENIED')
    await refused(service.moveProject(caller.projectId, '/a', call), 'PERMISSION_DENIED')
    await refused(service.deleteProject(caller.projectId, call), 'PERMISSION_DENIED')
    const token = {
      role: 'admin',
      project: '/a',
      label: 'l',
      initiatorId: undefined,
      expiresAt: undefined,
    } as const
    const node = { ...token, role: 'node', initiatorId: initiatorId('n') } as const
    await refused(service.createToken(node, call), 'PERMISSION_DENIED')
    await refused(service.createToken({ ...token, project: '/' }, call), 'PROJECT_NOT_FOUND')
    const { token: made } = await service.createToken(token, call)
    expect((await service.listTokens({}, call)).items).toEqual([made])
    const below = await service.createProject('/a/b', call)
    expect((await service.listProjects({}, call)).items.map(({ path }) => path)).toEqual(['/a', '/a/b'])
    expect(await service.moveProject(below.id, '/a/c', call)).toMatchObject({ path: '/a/c' })
    await service.deleteProject(below.id, call)
  })

  test('keys are each one’s own', async () => {
    await using stage = await heldFromAbove()
    const { service, caller } = stage
    const idempotencyKey = 'the same'
    const first = await service.createGroup({ name: 'one', project: '/a' }, { idempotencyKey })
    const second = await service.createGroup({ name: 'two', project: '/a' }, { idempotencyKey, caller })
    expect(second.id).not.toBe(first.id)
    const other = { ...caller, id: 'someone else' }
    await service.createGroup({ name: 'three', project: '/a' }, { idempotencyKey, caller: other })
    const again = service.createGroup({ name: 'four', project: '/a' }, { idempotencyKey, caller })
    await refused(again, 'IDEMPOTENCY_KEY_REUSED')
  })

  test('a token is good until its time is over, or it is revoked', async () => {
    await using stage = await twoProjects()
    const { api, service, secrets } = stage
    const ask = asker(api, secrets.get('viewer')!)
    expect(await ask('listDisks', {}, 'k')).toMatch(/^200/)
    const { items } = await service.listTokens()
    await service.revokeToken(items.find(({ label }) => label === 'viewer')!.id)
    expect(await ask('listDisks', {}, 'k')).toMatch(/^401/)
    const expiresAt = new Date('2026-01-01T00:00:03Z') // the clock of this world goes on by 1 ms at each look
    const spec = { role: 'viewer', project: '/a', label: 'brief', initiatorId: undefined, expiresAt } as const
    const { secret } = await service.createToken(spec)
    const briefly = asker(api, secret!)
    expect(await briefly('listDisks', {}, 'k')).toMatch(/^200/)
    for (let looks = 0; looks < 3000; looks += 1) await service.tokenOf('0'.repeat(64))
    expect(await briefly('listDisks', {}, 'k')).toMatch(/^401/)
  })
})
