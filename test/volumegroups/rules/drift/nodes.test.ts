import { expect, test } from 'vitest'
import { diskIds, type InitiatorId } from '../../../../src/volumegroups/index.ts'
import { compareNodes, STAGING_MS } from '../../../../src/volumegroups/rules/drift/nodes.ts'

const initiatorId = 'node' as InitiatorId
const now = new Date('2026-01-02T00:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)

test('a node serves what is attached to it; what was attached only now it may not have yet', () => {
  const [both, fresh, lacking, strange] = [1, 2, 3, 4].map(() => diskIds.create())
  const held = [
    { diskId: both!, initiatorId, grantedAt: ago(STAGING_MS * 2) },
    { diskId: fresh!, initiatorId, grantedAt: ago(STAGING_MS / 2) },
    { diskId: lacking!, initiatorId, grantedAt: ago(STAGING_MS * 2) },
    { diskId: strange!, initiatorId: 'other' as InitiatorId, grantedAt: ago(0) },
  ]
  const found = compareNodes([{ initiatorId, serves: [both!, strange!] }], held, now)
  expect(found.map(({ kind, entities }) => [kind, ...entities])).toEqual([
    ['nodeHolds', strange, initiatorId],
    ['nodeLacks', lacking, initiatorId],
  ])
  expect(compareNodes([], held, now)).toEqual([])
})
