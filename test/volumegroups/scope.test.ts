import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { createControllerServices } from '../../src/controller/services.ts'
import { API, API_ROOT, type CallName } from '../../src/element/schemas/index.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { statusOf } from '../../src/rpc/status.ts'
import { asStorageError, type Role } from '../../src/volumegroups/index.ts'
import { CSI_CALLS, type Rpc } from '../contract/isolation/csi-calls.ts'
import { type Asked, REST_CALLS } from '../contract/isolation/rest-calls.ts'
import { nothing, stateOf, type Things, twoProjects } from '../contract/isolation/two-projects.ts'
import { request } from '../fakes/csi-client.ts'
import { testCall } from '../fakes/rpc.ts'

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
    ...{ groups, attach: 'controller', version: '1.2.3' },
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
