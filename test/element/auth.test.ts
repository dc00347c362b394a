import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ACCESS } from '../../src/element/access.ts'
import { type Auth, authorize, identify, type Token } from '../../src/element/auth.ts'
import { API, type CallName } from '../../src/element/schemas/index.ts'
import { type InitiatorId, projectIds, ROOT_PROJECT_ID } from '../../src/volumegroups/index.ts'

const tokenOf = (text: string, role: Token['role'], initiatorId?: string): Token => ({
  sha256: createHash('sha256').update(text).digest('hex'),
  role,
  initiatorId: initiatorId as InitiatorId | undefined,
})

const auth = {
  kind: 'bearer',
  tokens: [tokenOf('t-admin', 'admin'), tokenOf('t-node', 'node', 'n1')],
} as const satisfies Auth

const ofRoot = { id: expect.stringMatching(/^configured-/), projectId: ROOT_PROJECT_ID }

test('a known token says who calls', async () => {
  const node = { role: 'node', caller: { ...ofRoot, initiatorId: 'n1' } }
  expect(await identify(auth, 'Bearer t-node')).toEqual(node)
  const admin = { role: 'admin', caller: { ...ofRoot, initiatorId: undefined } }
  expect(await identify(auth, 'bearer t-admin')).toEqual(admin)
})

test('a token that was made since is looked up by its hash', async () => {
  const caller = { id: 'token-1', projectId: projectIds.create(), initiatorId: undefined }
  const made = { role: 'viewer', caller } as const
  const { sha256 } = tokenOf('t-made', 'viewer')
  const looking: Auth = { ...auth, tokenOf: async (hash) => (hash === sha256 ? made : undefined) }
  expect(await identify(looking, 'Bearer t-made')).toEqual(made)
  expect(await identify(looking, 'Bearer t-node')).toMatchObject({ role: 'node' })
  await expect(identify(looking, 'Bearer t-other')).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' })
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
])('no known token is refused: %s', async (header) => {
  await expect(identify(auth, header)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' })
})

test('who can open the socket is the administrator', async () => {
  expect(await identify({ kind: 'local' }, undefined)).toEqual({ role: 'admin', caller: undefined })
})

const may = (role: Token['role'], call: CallName, asked?: string): boolean => {
  try {
    const initiatorId = role === 'node' ? ('n1' as InitiatorId) : undefined
    const caller = { id: 't', projectId: ROOT_PROJECT_ID, initiatorId }
    authorize({ role, caller }, call, asked)
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
  const reads = calls.filter(
    (call) => API[call].method === 'GET' && !/connection|listTokens|listBackups/.test(call),
  )
  expect(allowed('viewer')).toEqual(reads)
})

test('an operator may do all but give out rights and see credentials', () => {
  const denied = calls.filter((call) => !may('operator', call))
  expect(denied.toSorted()).toEqual(
    ['createToken', 'listTokens', 'revokeToken', 'registerInitiator', 'renewLease', 'connection'].toSorted(),
  )
})

test('a provisioner makes and deletes, and orders nothing anew', () => {
  const orders =
    /^undelete|^purge|Token|Backup|Lease|Project$|moveGroup|Initiator$|connection|Polic(y|ies)|RecoveryPoint$/
  const denied = calls.filter((call) => !may('provisioner', call))
  expect(denied.filter((call) => !orders.test(call))).toEqual([])
  for (const call of ['moveProject', 'moveGroup', 'removeInitiator', 'connection'] as const) {
    expect(denied).toContain(call)
  }
})

test('a node acts for its own initiator only', () => {
  const general: CallName[] = ['status', 'capacity', 'getDisk', 'listDisks']
  const own: CallName[] = [
    'registerInitiator',
    'getInitiator',
    'renewLease',
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
  const caller = { id: 't', projectId: ROOT_PROJECT_ID, initiatorId: undefined }
  expect(() => authorize({ role: 'node', caller }, 'connection', undefined)).toThrow(
    expect.objectContaining({ reason: 'PERMISSION_DENIED' }),
  )
})
