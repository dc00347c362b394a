import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRequest } from '../../../../src/initiators/userspace/keeper/keeper-protocol.ts'
import { volumeSpecOf } from '../../../../src/initiators/userspace/volume-spec.ts'
import { type Connection, diskIds, naaOf, serialOf } from '../../../../src/volumegroups/index.ts'

const diskId = diskIds.create()
const SECRET = 'the-secret-of-16'
const connection: Connection = {
  diskId,
  initiatorName: 'iqn.2026-01.storage.mooring.test:node',
  targetName: 'iqn.2026-01.storage.mooring.test:target',
  portals: [{ address: '192.0.2.1', port: 3260, groupTag: 1 }],
  lun: 7,
  serial: serialOf(diskId),
  naa: naaOf(diskId),
  sizeBytes: 1n << 40n,
  readOnly: true,
  shared: false,
  grantedAt: new Date('2026-01-01T00:00:00Z'),
  chap: { user: 'node', secret: SECRET, mutual: { user: 'target', secret: `${SECRET}-too` } },
}
const volume = volumeSpecOf(connection)

const line = (request: object): string => JSON.stringify({ id: 3, ...request })

describe('a request to the keeper', () => {
  test('to attach comes through as it was sent', () => {
    expect(parseRequest(line({ op: 'attach', volume }))).toEqual({ id: 3, request: { op: 'attach', volume } })
    const open = { ...volume, chap: undefined }
    expect(parseRequest(line({ op: 'attach', volume: open })).request).toEqual({ op: 'attach', volume: open })
  })

  test('about one disk names it', () => {
    for (const op of ['detach', 'refreshSize']) {
      expect(parseRequest(line({ op, diskId })).request).toEqual({ op, diskId })
    }
  })

  test('to abandon a disk says why, and one for the lease whether to renew it', () => {
    const abandon = { op: 'abandon', diskId, why: 'it is lost' }
    expect(parseRequest(line(abandon)).request).toEqual(abandon)
    expect(() => parseRequest(line({ op: 'abandon', diskId }))).toThrow(TypeError)
    expect(parseRequest(line({ op: 'lease' })).request).toEqual({ op: 'lease', renew: false })
    expect(parseRequest(line({ op: 'lease', renew: true })).request).toEqual({ op: 'lease', renew: true })
  })

  test('to stop is not forced unless it says so', () => {
    expect(parseRequest(line({ op: 'stop' })).request).toEqual({ op: 'stop', force: false })
    expect(parseRequest(line({ op: 'stop', force: 'yes' })).request).toEqual({ op: 'stop', force: false })
    expect(parseRequest(line({ op: 'stop', force: true })).request).toEqual({ op: 'stop', force: true })
  })

  test.each([
    ['not an object', '[]'],
    ['no id', JSON.stringify({ op: 'list' })],
    ['no known op', line({ op: 'format' })],
    ['a path for a disk id', line({ op: 'detach', diskId: '../../etc' })],
    ['no volume', line({ op: 'attach' })],
    ['no portal', line({ op: 'attach', volume: { ...volume, portals: [] } })],
    [
      'a port out of range',
      line({ op: 'attach', volume: { ...volume, portals: [{ address: 'a', port: 70_000, groupTag: 1 }] } }),
    ],
    ['an empty serial', line({ op: 'attach', volume: { ...volume, serial: '' } })],
    [
      'a secret that is no text',
      line({ op: 'attach', volume: { ...volume, chap: { user: 'a', secret: 5 } } }),
    ],
  ])('is refused with %s', (_, text) => {
    expect(() => parseRequest(text)).toThrow(TypeError)
  })

  test('is refused without a word of what was in it', () => {
    const broken = line({ op: 'attach', volume }).slice(0, -1)
    expect(() => parseRequest(broken)).toThrow(new SyntaxError('the line is not JSON'))
    const wrong = line({ op: 'attach', volume: { ...volume, lun: SECRET } })
    expect(() => parseRequest(wrong)).toThrow(new TypeError('lun is not a number from 0 to 16383'))
  })

  test('made of anything is parsed or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          parseRequest(text)
        } catch (error) {
          expect(error instanceof TypeError || error instanceof SyntaxError).toBe(true)
        }
      }),
    )
  })
})
