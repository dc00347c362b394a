import fc from 'fast-check'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createElementApi } from '../../src/element/index.ts'
import { inputParser } from '../../src/element/input.ts'
import { API, type CallDescription, type CallName } from '../../src/element/schemas/index.ts'
import { CATALOGUE, type InitiatorId, StorageError } from '../../src/volumegroups/index.ts'
import { checkDisk, checkInitiator } from '../../src/volumegroups/rules/requests.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'

const raw = { params: {}, query: {}, body: undefined, headers: { 'idempotency-key': 'k' } }

test('a request becomes domain values', () => {
  const diskId = 'disk-00000000-0000-4000-8000-000000000001'
  const body = { name: 'a', project: '/', size: { requiredBytes: 5 }, source: { diskId } }
  expect(inputParser(API.createDisk)({ ...raw, body }).body).toEqual({
    name: 'a',
    project: '/',
    group: { kind: 'own' },
    size: { requiredBytes: 5n, limitBytes: undefined },
    source: { kind: 'disk', diskId },
    attributes: {},
  })
  const query = { limit: '7', pageToken: 't', name: '12' }
  expect(inputParser(API.listDisks)({ ...raw, query }).query).toEqual({ limit: 7, token: 't', name: '12' })
})

test.each([1, 10, 100, 10_000])('of %d unknown fields, all are told up to a limit', (count) => {
  const extra = Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, index]))
  const parse = inputParser(API.createGroup)
  const violations = expect.toSatisfy((found: unknown[]) => found.length === Math.min(count, 32))
  const body = { ...extra, name: 'a', project: '/' }
  expect(() => parse({ ...raw, body })).toThrow(expect.objectContaining({ violations }))
})

const names = fc.oneof(
  fc.constantFrom('', 'a', 'é'.repeat(64), 'é'.repeat(65), '\u0085', '\n'),
  fc.string({ unit: 'grapheme' }),
)
const projects = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    '//',
    '/a',
    '/a/',
    '/a//b',
    '/a/b.c_d-E',
    'a',
    `/${'x'.repeat(127)}`,
    `/${'x'.repeat(128)}`,
  ),
)
const sizes = fc.constantFrom(undefined, -1, 0, 1, 1048575, 1048576, 2 ** 46, 2 ** 46 + 1)
const inBytes = (size: number | undefined): bigint | undefined =>
  size === undefined ? undefined : BigInt(size)

const accepts = (check: () => unknown): boolean => {
  try {
    check()
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError)
    return false
  }
}

test('the edge takes exactly the disks that the domain takes', () => {
  const parse = inputParser(API.createDisk)
  fc.assert(
    fc.property(names, projects, names, sizes, sizes, (name, project, group, required, limit) => {
      const size = {
        ...(required !== undefined && { requiredBytes: required }),
        ...(limit !== undefined && { limitBytes: limit }),
      }
      const attributes = { [name]: name.repeat(limit === 1 ? 4096 : 1) }
      const body = { name, project, group: { name: group }, size, attributes }
      const spec = { name, project, group: { kind: 'named', name: group }, attributes } as const
      const asked = { requiredBytes: inBytes(required), limitBytes: inBytes(limit) }
      expect(accepts(() => parse({ ...raw, body }))).toBe(accepts(() => checkDisk({ ...spec, size: asked })))
    }),
    { numRuns: 1000 },
  )
})

test('the edge takes exactly the initiators that the domain takes', () => {
  const parse = inputParser(API.registerInitiator)
  const iscsiNames = fc.oneof(
    fc.constantFrom('iqn.a', 'iqn.', 'IQN.a', 'eui.0:-', `naa.${'a'.repeat(219)}`, `naa.${'a'.repeat(220)}`),
  )
  const limits = fc.constantFrom(-1, 0, 1, 1.5, 2 ** 53)
  fc.assert(
    fc.property(names, iscsiNames, limits, (id, name, maxAttachments) => {
      const request = { ...raw, params: { initiatorId: id }, body: { name, maxAttachments } }
      const spec = { id: id as InitiatorId, name, maxAttachments }
      expect(accepts(() => parse(request))).toBe(accepts(() => checkInitiator(spec)))
    }),
    { numRuns: 500 },
  )
})

/** Parts of requests, right and wrong, put together at random. */
const words = [
  'a',
  '',
  '/',
  '/t',
  'n1',
  'disk-00000000-0000-4000-8000-000000000001',
  '1',
  '-1',
  '1.5',
  'own',
  '\u0000',
  'é'.repeat(99),
]
const text = fc.oneof(fc.constantFrom(...words), fc.string())
const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, -1, 1.5, 1048576, 2 ** 60, true, null) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)
const field = fc.constantFrom(
  ...['name', 'project', 'group', 'size', 'source', 'attributes', 'diskIds', 'grouped', 'readOnly', 'shared'],
  ...[
    'requiredBytes',
    'limitBytes',
    'maxAttachments',
    'limit',
    'pageToken',
    'state',
    'diskId',
    'groupId',
    'toString',
  ],
)
const dictionary = fc.dictionary(
  field,
  fc.oneof(value, fc.dictionary(fc.oneof(field, text), value), fc.array(value)),
)
const anyRequest = fc.record({
  name: fc.constantFrom(...(Object.keys(API) as CallName[])),
  parts: fc.array(text, { minLength: 2, maxLength: 2 }),
  query: fc.dictionary(field, text),
  body: fc.oneof({ weight: 5, arbitrary: dictionary }, { weight: 1, arbitrary: fc.jsonValue() }),
  key: text,
})

test('whatever is sent, the answer is an answer: never a defect', async () => {
  const groups = new FakeVolumeGroups()
  const app = createElementApi({ groups, auth: { kind: 'local' }, log: pino({ level: 'silent' }) })
  onTestFinished(() => app.close())
  await fc.assert(
    fc.asyncProperty(anyRequest, async ({ name, parts, query, body, key }) => {
      const { method, path }: CallDescription = API[name]
      const filled = parts.reduce((at, part) => at.replace(/:\w+/, () => encodeURIComponent(part)), path)
      const payload = method === 'GET' ? {} : { payload: JSON.stringify(body) }
      const headers = { 'idempotency-key': encodeURIComponent(key), 'content-type': 'application/json' }
      const url = `/v1${filled}?${new URLSearchParams(query)}`
      const answer = await app.inject({ method, url, headers, ...payload })
      if (answer.statusCode < 300) return
      expect(answer.statusCode).toBeLessThan(500)
      expect(CATALOGUE).toHaveProperty(answer.json().reason)
    }),
    { numRuns: 2000 },
  )
})
