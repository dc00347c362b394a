import { expect, test } from 'vitest'
import { DEFAULT_OFFER, offeredKeys, settle } from '../../src/iscsi/negotiation.ts'

const answers = (text: string) => new Map(text.split(' ').map((pair) => pair.split('=') as [string, string]))

test('the smaller of both wins', () => {
  const settled = settle(
    DEFAULT_OFFER,
    answers('MaxBurstLength=65536 FirstBurstLength=8192 MaxOutstandingR2T=1'),
  )
  expect(settled).toMatchObject({ maxBurstBytes: 65536, firstBurstBytes: 8192 })
})

test('a first burst is never larger than a burst', () => {
  const settled = settle(DEFAULT_OFFER, answers('MaxBurstLength=4096'))
  expect(settled.firstBurstBytes).toBe(4096)
})

test('what the target takes is its own declaration', () => {
  expect(settle(DEFAULT_OFFER, answers('MaxRecvDataSegmentLength=4096')).maxSendBytes).toBe(4096)
  expect(settle(DEFAULT_OFFER, new Map()).maxSendBytes).toBe(8192)
})

test.each([
  ['InitialR2T=Yes', { initialR2t: true }],
  ['InitialR2T=No', { initialR2t: false }],
  ['InitialR2T=NotUnderstood', { initialR2t: true }],
  ['ImmediateData=No', { immediateData: false }],
  ['ImmediateData=Reject', { immediateData: false }],
  ['HeaderDigest=CRC32C', { headerDigest: true }],
  ['HeaderDigest=None', { headerDigest: false }],
  ['MaxBurstLength=0x1000', { maxBurstBytes: 4096 }],
])('%s', (text, expected) => {
  expect(settle({ ...DEFAULT_OFFER, headerDigest: true }, answers(text))).toMatchObject(expected)
})

test.each([
  'MaxBurstLength=511',
  'MaxBurstLength=16777216',
  'MaxBurstLength=many',
  'MaxBurstLength=-1',
  'MaxRecvDataSegmentLength=0',
  'MaxRecvDataSegmentLength=1e9',
  'InitialR2T=Maybe',
  'DataDigest=CRC32C',
  'DataDigest=MD5',
  'ErrorRecoveryLevel=2',
  'MaxConnections=4',
  'MaxOutstandingR2T=0',
  'DataPDUInOrder=No',
])('refuses %s, which was not on offer', (text) => {
  expect(() => settle(DEFAULT_OFFER, answers(text))).toThrow(
    expect.objectContaining({ code: 'protocol_error' }),
  )
})

test('a target can not turn on what was offered as off', () => {
  const offer = { ...DEFAULT_OFFER, immediateData: false, initialR2t: true }
  expect(() => settle(offer, answers('ImmediateData=Yes'))).toThrow()
  expect(() => settle(offer, answers('InitialR2T=No'))).toThrow()
})

test('discovery offers no keys about SCSI data', () => {
  const keys = offeredKeys(DEFAULT_OFFER, true).map(([key]) => key)
  expect(keys).toContain('MaxRecvDataSegmentLength')
  expect(keys).not.toContain('InitialR2T')
})
