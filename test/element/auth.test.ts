import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ACCESS } from '../../src/element/access.ts'
import { type Auth, authorize, identify, type Token } from '../../src/element/auth.ts'
import type { CallName } from '../../src/element/schemas/index.ts'
import type { InitiatorId } from '../../src/volumegroups/index.ts'

const tokenOf = (text: string, role: Token['role'], initiatorId?: string): Token => ({
  sha256: createHash('sha256').update(text).digest('hex'),
  role,
  initiatorId: initiatorId as InitiatorId | undefined,
})

const auth: Auth = { kind: 'bearer', tokens: [tokenOf('t-admin', 'admin'), tokenOf('t-node', 'node', 'n1')] }

test('a known token says who calls', () => {
  expect(identify(auth, 'Bearer t-node')).toEqual({ role: 'node', initiatorId: 'n1' })
  expect(identify(auth, 'bearer t-admin')).toEqual({ role: 'admin', initiatorId: undefined })
})

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Basic t-admin',
  'Bearer t-admin2',
  'Bearer t-admin t-node',
  't-admin',
])('no known token is refused: %s', (header) => {
  expect(() => identify(auth, header)).toThrow(expect.objectContaining({ reason: 'UNAUTHENTICATED' }))
})

test('who can open the socket is the administrator', () => {
  expect(identify({ kind: 'local' }, undefined).role).toBe('admin')
})

const may = (role: Token['role'], call: CallName, asked?: string): boolean => {
  try {
    authorize({ role, initiatorId: role === 'node' ? ('n1' as InitiatorId) : undefined }, call, asked)
    return true
  } catch {
    return false
  }
}

const calls = Object.keys(ACCESS) as CallName[]
const allowed = (role: Token['role'], asked?: string): CallName[] =>
  calls.filter((call) => may(role, call, asked))

test('an administrator may do everything', () => {
  expect(allowed('admin')).toEqual(calls)
})

test('a viewer changes nothing and sees no credentials', () => {
  const reads = calls.filter((call) => /^(get|list)|^(status|capacity|allocated|delta)$/.test(call))
  expect(allowed('viewer')).toEqual(reads)
})

test('a provisioner registers no initiators and sees no credentials', () => {
  const denied = calls.filter((call) => !may('provisioner', call))
  expect(denied).toEqual(['registerInitiator', 'removeInitiator', 'connection'])
})

test('a node acts for its own initiator only', () => {
  const general: CallName[] = ['status', 'capacity', 'getDisk', 'listDisks']
  const own: CallName[] = [
    'registerInitiator',
    'getInitiator',
    'grant',
    'revoke',
    'listAttachments',
    'connection',
  ]
  expect(allowed('node', 'n2')).toEqual(general)
  expect(allowed('node')).toEqual(general)
  expect(allowed('node', 'n1').toSorted()).toEqual([...general, ...own].toSorted())
})

test('a node token that names no initiator owns none', () => {
  const caller = { role: 'node', initiatorId: undefined } as const
  expect(() => authorize(caller, 'connection', undefined)).toThrow(
    expect.objectContaining({ reason: 'PERMISSION_DENIED' }),
  )
})
