import { expect, test } from 'vitest'
import { ChapExchange, chapResponse, checkChapOptions, offeredAlgorithms } from '../../src/iscsi/chap.ts'

const challenge = Buffer.from(Array.from({ length: 16 }, (_, index) => index))
const secret = 'a-secret-of-16-b'
const mutual = { user: 'target', secret: 'another-secret-here' }

test.each([
  [5, '912c3c8cf7bb8f8f0c130da2e2516970'],
  [6, '2a0d2fc9ea987ea2fdf61d872850bc99281036dc'],
  [7, '551563c8a4e8311a6c9514b0ecb1268e59046ad4807133013252bcdda7d39961'],
] as const)('response of algorithm %i', (algorithm, expected) => {
  expect(chapResponse(algorithm, 7, secret, challenge).toString('hex')).toBe(expected)
})

test('offers MD5 first, or what it is told', () => {
  expect(offeredAlgorithms({ user: 'u', secret })).toBe('5,6,7')
  expect(offeredAlgorithms({ user: 'u', secret, algorithms: [7, 5] })).toBe('7,5')
})

test.each(['0x', '0b'])('understands a challenge in %s notation', (notation) => {
  const text = notation === '0x' ? challenge.toString('hex') : challenge.toString('base64')
  const exchange = new ChapExchange({ user: 'u', secret })
  const keys = new Map(
    exchange.answer(
      new Map([
        ['CHAP_A', '7'],
        ['CHAP_I', '7'],
        ['CHAP_C', notation + text],
      ]),
    ),
  )
  expect(keys.get('CHAP_N')).toBe('u')
  expect(keys.get('CHAP_R')).toBe(`0x${chapResponse(7, 7, secret, challenge).toString('hex')}`)
})

test.each([
  ['an algorithm that was not offered', { CHAP_A: '8', CHAP_I: '7', CHAP_C: '0x00' }],
  ['no algorithm', { CHAP_I: '7', CHAP_C: '0x00' }],
  ['an identifier above 255', { CHAP_A: '5', CHAP_I: '256', CHAP_C: '0x00' }],
  ['a challenge that is not binary', { CHAP_A: '5', CHAP_I: '7', CHAP_C: 'hello' }],
  ['a challenge with half a byte', { CHAP_A: '5', CHAP_I: '7', CHAP_C: '0x123' }],
  ['an endless challenge', { CHAP_A: '5', CHAP_I: '7', CHAP_C: `0x${'00'.repeat(2000)}` }],
])('refuses %s', (_, keys) => {
  const exchange = new ChapExchange({ user: 'u', secret })
  expect(() => exchange.answer(new Map(Object.entries(keys)))).toThrow(
    expect.objectContaining({ code: 'protocol_error' }),
  )
})

function mutualExchange() {
  const exchange = new ChapExchange({ user: 'u', secret, mutual })
  const keys = new Map(
    exchange.answer(
      new Map([
        ['CHAP_A', '5'],
        ['CHAP_I', '7'],
        ['CHAP_C', '0xabcd'],
      ]),
    ),
  )
  const id = Number(keys.get('CHAP_I'))
  const own = Buffer.from(keys.get('CHAP_C')!.slice(2), 'hex')
  return { exchange, prove: (by: string) => `0x${chapResponse(5, id, by, own).toString('hex')}` }
}

test('accepts a target that knows the mutual secret', () => {
  const { exchange, prove } = mutualExchange()
  exchange.verify(
    new Map([
      ['CHAP_N', 'target'],
      ['CHAP_R', prove(mutual.secret)],
    ]),
  )
})

test.each([
  ['the wrong secret', 'target', 'wrong'],
  ["the initiator's own secret", 'target', secret],
  ['another name', 'other', mutual.secret],
])('refuses a target with %s', (_, name, by) => {
  const { exchange, prove } = mutualExchange()
  const proof = new Map([
    ['CHAP_N', name],
    ['CHAP_R', prove(by)],
  ])
  expect(() => exchange.verify(proof)).toThrow(expect.objectContaining({ code: 'auth_failed' }))
})

test('refuses a target that does not answer the challenge', () => {
  const { exchange } = mutualExchange()
  expect(() => exchange.verify(new Map())).toThrow(expect.objectContaining({ code: 'auth_failed' }))
})

test('refuses one secret for both directions', () => {
  expect(() => checkChapOptions({ user: 'u', secret, mutual: { user: 't', secret } })).toThrow(/differ/)
})
