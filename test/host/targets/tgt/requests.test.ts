import { expect, test } from 'vitest'
import { encodeRequest } from '../../../../src/host/targets/tgt/ipc.ts'
import * as requests from '../../../../src/host/targets/tgt/requests.ts'

test('a request is the record that tgtadm sends', () => {
  const bytes = encodeRequest(requests.closeConnection(3, 5n, 2))
  expect(bytes).toHaveLength(120)
  expect([bytes.readUInt32LE(0), bytes.readUInt32LE(4)]).toEqual([6, 1])
  expect(bytes.toString('latin1', 8, 14)).toBe('iscsi\0')
  expect([bytes.readUInt32LE(72), bytes.readInt32LE(76)]).toEqual([120, 3])
  expect(bytes.readBigUInt64LE(80)).toBe(5n)
  expect(bytes.readBigUInt64LE(88)).toBe(2n ** 64n - 1n)
  expect(bytes.readUInt32LE(96)).toBe(2)
  const named = encodeRequest(requests.bindAccount(3, 'user', true))
  expect(named.readUInt32LE(72)).toBe(named.length)
  expect(named.readUInt32LE(108)).toBe(1)
  expect(named.toString('utf8', 120)).toBe('user=user\0')
})

test('a comma, at which tgtd would cut, is refused wherever a caller could bring one in', () => {
  const one = {
    targetName: 'iqn.2026-01.test:x',
    initiatorName: 'iqn.2026-01.test:n',
    chap: undefined,
    lun: 1,
    backingPath: '/pool/a,bstype=null',
    serial: 'a,readonly=0',
    naa: '6',
    readOnly: true,
  }
  const attempts = [
    () => requests.newLun(1, one),
    () => requests.identifyLun(1, one),
    () => requests.newTarget(1, 'a,b'),
    () => requests.admit(1, 'a,initiator-address=ALL'),
    () => requests.newAccount('a', 'b,c'),
    () => requests.newAccount('a,b', 'c'),
    () => requests.bindAccount(1, 'a,b', false),
  ]
  for (const attempt of attempts) {
    expect(attempt).toThrow(expect.objectContaining({ reason: 'INVALID_ARGUMENT' }))
  }
})
