import { once } from 'node:events'
import { request } from 'node:http'
import { Writable } from 'node:stream'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { type Logger, pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createElementApi, createMetrics } from '../../src/element/index.ts'
import { type CallOptions, diskIds, StorageError, type VolumeGroups } from '../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'

const silent = pino({ level: 'silent' })

function createApp(groups: VolumeGroups = new FakeVolumeGroups(), log: Logger = silent): FastifyInstance {
  const app = createElementApi({ groups, auth: { kind: 'local' }, log, metrics: createMetrics('1.2.3') })
  onTestFinished(() => app.close())
  return app
}

const post = (url: string, payload: object | string, headers: object = {}): InjectOptions => ({
  method: 'POST',
  url: `/v1${url}`,
  payload,
  headers: { 'idempotency-key': 'k-1', 'content-type': 'application/json', ...headers },
})

/** A log whose lines can be looked at. */
function createLog() {
  // biome-ignore lint/suspicious/noExplicitAny: a log line has any shape
  const lines: any[] = []
  const stream = new Writable({ write: (chunk, _, done) => done(void lines.push(JSON.parse(String(chunk)))) })
  return { log: pino({ level: 'debug' }, stream), lines }
}

/** The fake with some methods replaced. */
const fakeWith = (methods: Partial<VolumeGroups>): VolumeGroups =>
  Object.assign(new FakeVolumeGroups(), methods)

test('sizes are JSON integers, times are RFC 3339, and what is undefined is left out', async () => {
  const app = createApp()
  const spec = { name: 'a', project: '/', size: { requiredBytes: 1048576 }, group: { name: 'g' } }
  const made = await app.inject(post('/disks', spec))
  expect(made.statusCode).toBe(200)
  expect(made.json()).toEqual({
    id: expect.stringMatching(/^disk-/),
    groupId: expect.stringMatching(/^vg-/),
    name: 'a',
    sizeBytes: 1048576,
    lun: 1,
    attributes: {},
    generation: 1,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    attachedTo: [],
  })
  const listed = await app.inject({ url: '/v1/disks?limit=1' })
  expect(listed.json()).toEqual({ items: [made.json()] })
  const deleted = await app.inject({
    ...post(`/disks/${made.json().id}`, ''),
    method: 'DELETE',
    headers: { 'idempotency-key': 'k' },
  })
  expect([deleted.statusCode, deleted.body]).toEqual([204, ''])
})

test('all faults of a request come back at once, each with its field and reason', async () => {
  const body = { name: '', size: { requiredBytes: 5, limitBytes: 4 }, sizze: 1, attributes: { a: 1 } }
  const headers = { 'idempotency-key': '', 'request-timeout': 'soon' }
  const answer = await createApp().inject(post('/disks', body, headers))
  expect(answer.statusCode).toBe(400)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  const found = answer
    .json()
    .violations.map(({ field, reason }: Record<string, string>) => `${field}: ${reason}`)
  expect(found.sort()).toEqual([
    'attributes.a: INVALID_ARGUMENT',
    'idempotency-key: IDEMPOTENCY_KEY_MISSING',
    'name: INVALID_ARGUMENT',
    'project: INVALID_ARGUMENT',
    'request-timeout: INVALID_ARGUMENT',
    'size.limitBytes: SIZE_OUT_OF_RANGE',
    'sizze: UNKNOWN_PARAMETER',
  ])
})

test.each([
  [
    'a change without a key',
    { ...post('/volume-groups', { name: 'a', project: '/' }), headers: {} },
    'IDEMPOTENCY_KEY_MISSING',
  ],
  ['a body that is no JSON', post('/volume-groups', '{'), 'INVALID_ARGUMENT'],
  ['a body with a poisoned prototype', post('/volume-groups', '{"__proto__":{}}'), 'INVALID_ARGUMENT'],
  [
    'a body that is too large',
    post('/volume-groups', { name: 'x'.repeat(70_000), project: '/' }),
    'INVALID_ARGUMENT',
  ],
  ['a body that is missing', post('/volume-groups', 'null'), 'INVALID_ARGUMENT'],
  [
    'a number as text',
    post('/disks', { name: 'a', project: '/', size: { requiredBytes: '1048576' } }),
    'SIZE_OUT_OF_RANGE',
  ],
  ['a malformed id', { url: '/v1/disks/nonsense' }, 'INVALID_ARGUMENT'],
  ['an unknown filter', { url: '/v1/disks?colour=red' }, 'UNKNOWN_PARAMETER'],
  ['a filter given twice', { url: '/v1/disks?name=a&name=b' }, 'INVALID_ARGUMENT'],
])('%s is refused', async (_, options, reason) => {
  const answer = await createApp().inject(options as InjectOptions)
  expect([answer.statusCode, answer.json().reason]).toEqual([400, reason])
})

test('an unknown path is a problem too', async () => {
  const answer = await createApp().inject({ url: '/v2/nothing' })
  expect([answer.statusCode, answer.json().reason]).toEqual([404, 'NOT_FOUND'])
})

test.each(['PATCH', 'POST', 'QUERY', 'TRACE'])(
  '%s is refused where there is no such call',
  async (method) => {
    const answer = await createApp().inject({ method, url: '/v1/capacity' } as InjectOptions)
    expect([answer.statusCode, answer.json().reason]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(answer.headers.allow).toBe('GET, HEAD')
  },
)

test('a request with more headers than are read is told of as a problem', async () => {
  const address = await createApp().listen({ host: '127.0.0.1', port: 0 })
  const answer = await fetch(`${address}/v1/disks?name=${'a'.repeat(20_000)}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
  expect(await answer.json()).toMatchObject({ reason: 'INVALID_ARGUMENT' })
})

test('a key is the same for the same path only', async () => {
  const app = createApp()
  const create = (name: string) => app.inject(post('/volume-groups', { name, project: '/' }))
  expect((await create('a')).json()).toEqual((await create('a')).json())
  expect((await create('b')).json().reason).toBe('IDEMPOTENCY_KEY_REUSED')
  const elsewhere = await app.inject(post('/disks', { name: 'a', project: '/' }))
  expect(elsewhere.statusCode).toBe(200)
})

test('an unforeseen error is told in the log, with its causes, and not to the caller', async () => {
  const { log, lines } = createLog()
  const cause = new Error('inner: /var/lib/mooring/secret')
  const getDisk = () => Promise.reject(new TypeError('x is undefined', { cause }))
  const answer = await createApp(fakeWith({ getDisk }), log).inject({ url: `/v1/disks/${diskIds.create()}` })
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toMatchObject({ reason: 'INTERNAL', detail: 'internal error' })
  expect(answer.body).not.toMatch(/undefined|secret/)
  const failed = lines.filter((line) => line.err !== undefined)
  expect(failed).toHaveLength(1)
  expect(failed[0]).toMatchObject({ level: 50, call: 'getDisk', status: 500 })
  expect(failed[0].requestId).toBe(answer.headers['request-id'])
  expect(answer.json().instance).toBe(`urn:uuid:${failed[0].requestId}`)
  expect(failed[0].err.stack).toMatch(/x is undefined[\s\S]*inner: /)
})

test('an answer that is not what the schema says does not leave the element', async () => {
  const capacity = async () => ({ ...(await new FakeVolumeGroups().capacity()), totalBytes: -1n })
  const answer = await createApp(fakeWith({ capacity })).inject({ url: '/v1/capacity' })
  expect([answer.statusCode, answer.json().reason]).toEqual([500, 'INTERNAL'])
})

test('until it is ready, the element answers nothing but its status', async () => {
  const status = async () => ({ ...(await new FakeVolumeGroups().status()), state: 'starting' as const })
  const app = createApp(fakeWith({ status }))
  expect((await app.inject({ url: '/v1/status' })).json().state).toBe('starting')
  const refused = await app.inject({ url: '/v1/disks' })
  expect([refused.statusCode, refused.json().reason]).toEqual([503, 'NOT_READY'])
  expect(refused.headers['retry-after']).toBe('1')
})

/** A port that does not tell its capacity until it is let go; `asked` is the signal of its nth caller. */
function stuck(nth = 1) {
  const asked = Promise.withResolvers<AbortSignal>()
  const gate = Promise.withResolvers<void>()
  let calls = 0
  const capacity = async (call?: CallOptions) => {
    calls += 1
    if (calls === nth) asked.resolve(call?.signal as AbortSignal)
    await gate.promise
    return new FakeVolumeGroups().capacity()
  }
  return { groups: fakeWith({ capacity }), asked: asked.promise, letGo: gate.resolve }
}

test("the caller's own limit ends the waiting", async () => {
  const { groups, asked } = stuck()
  const answer = await createApp(groups).inject({ url: '/v1/capacity', headers: { 'request-timeout': '1' } })
  expect([answer.statusCode, answer.json().reason]).toEqual([504, 'DEADLINE_EXCEEDED'])
  expect((await asked).aborted).toBe(true)
})

test('a caller that hangs up ends the waiting', async () => {
  const { groups, asked } = stuck()
  const { log, lines } = createLog()
  const app = createApp(groups, log)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const caller = request(`${app.listeningOrigin}/v1/capacity`).end()
  caller.on('error', () => {})
  const signal = await asked
  expect(signal.aborted).toBe(false)
  caller.destroy()
  await once(signal, 'abort')
  expect(signal.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
  await app.close()
  expect(lines.filter((line) => line.call === 'capacity')).toHaveLength(1)
})

test('more requests than the limit are refused at once', async () => {
  const { groups, asked, letGo } = stuck(256)
  const app = createApp(groups)
  const waiting = Array.from(
    { length: 256 },
    async () => (await app.inject({ url: '/v1/capacity' })).statusCode,
  )
  await asked
  const refused = await app.inject({ url: '/v1/disks' })
  expect([refused.statusCode, refused.json().reason]).toEqual([429, 'TOO_MANY_CALLS'])
  expect((await app.inject({ url: '/v1/status' })).statusCode).toBe(200)
  letGo()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]))
  expect((await app.inject({ url: '/v1/disks' })).statusCode).toBe(200)
})

test('without a token, or with one of another role, a call is refused before anything is read', async () => {
  const tokens = [{ sha256: '0'.repeat(64), role: 'admin' as const }]
  const groups = new FakeVolumeGroups()
  const listDisks = vi.spyOn(groups, 'listDisks')
  const app = createElementApi({ groups, auth: { kind: 'bearer', tokens }, log: silent })
  onTestFinished(() => app.close())
  const answer = await app.inject({ url: '/v1/disks', headers: { authorization: 'Bearer nonsense' } })
  expect([answer.statusCode, answer.json().reason]).toEqual([401, 'UNAUTHENTICATED'])
  expect(answer.headers['www-authenticate']).toBe('Bearer')
  expect(listDisks).not.toHaveBeenCalled()
})

test('requests are measured by call and status', async () => {
  const app = createApp()
  await app.inject({ url: '/v1/disks' })
  await app.inject({ url: '/v1/disks/nonsense' })
  const { body } = await app.inject({ url: '/metrics' })
  expect(body).toContain('mooring_build_info{version="1.2.3"} 1')
  expect(body).toContain('mooring_element_request_duration_seconds_count{call="listDisks",status="200"} 1')
  expect(body).toContain('mooring_element_request_duration_seconds_count{call="getDisk",status="400"} 1')
})

test("the domain's errors keep what they say", async () => {
  const error = new StorageError('FENCE_INCOMPLETE', 'a write is stuck', {
    step: 'revoke',
    fix: 'Look at the store.',
  })
  const getDisk = () => Promise.reject(error)
  const answer = await createApp(fakeWith({ getDisk })).inject({ url: `/v1/disks/${diskIds.create()}` })
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toMatchObject({
    reason: 'FENCE_INCOMPLETE',
    step: 'revoke',
    fix: 'Look at the store.',
  })
})
