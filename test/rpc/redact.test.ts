import { expect, test } from 'vitest'
import { redact } from '../../src/rpc/redact.ts'
import type { Schema } from '../../src/rpc/schema.ts'

const SCHEMA: Schema = {
  Outer: {
    name: { kind: 'string' },
    token: { kind: 'string', secret: true },
    secrets: { kind: 'map', secret: true },
    inner: { kind: 'message', type: 'Inner' },
    list: { kind: 'message', type: 'Inner', repeated: true },
    hidden: { kind: 'message', type: 'Inner', secret: true },
  },
  Inner: { id: { kind: 'string' }, password: { kind: 'string', secret: true } },
}

test('secrets are replaced wherever they are nested', () => {
  const inner = { id: 'i', password: 'p' }
  const message = { name: 'n', token: 't', secrets: { a: 'b' }, inner, list: [inner, inner], hidden: inner }
  const told = { id: 'i', password: '[redacted]' }
  expect(redact(message, 'Outer', SCHEMA)).toEqual({
    name: 'n',
    token: '[redacted]',
    secrets: '[redacted]',
    inner: told,
    list: [told, told],
    hidden: '[redacted]',
  })
})

test('an absent secret shows as absent', () => {
  const message = { token: '', secrets: {}, hidden: null, inner: null }
  expect(redact(message, 'Outer', SCHEMA)).toEqual(message)
})

test('what the schema does not know is left out', () => {
  expect(redact({ name: 'n', extra: 'x' }, 'Outer', SCHEMA)).toEqual({ name: 'n' })
  expect(redact({ name: 'n' }, 'Unknown', SCHEMA)).toEqual({})
})

test('the message itself is not changed', () => {
  const message = { token: 't' }
  redact(message, 'Outer', SCHEMA)
  expect(message).toEqual({ token: 't' })
})
