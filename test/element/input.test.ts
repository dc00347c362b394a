import fc from 'fast-check'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createElementApi } from '../../src/element/index.ts'
import { inputParser } from '../../src/element/input.ts'
import { API, type CallDescription, type CallName } from '../../src/element/schemas/index.ts'
import { CATALOGUE } from '../../src/volumegroups/index.ts'
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
