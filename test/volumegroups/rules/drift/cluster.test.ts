import { expect, test } from 'vitest'
import { type Cluster, diskIds, type InitiatorId } from '../../../../src/volumegroups/index.ts'
import { compareBeliefs } from '../../../../src/volumegroups/rules/drift/cluster.ts'
import { createWorld } from '../../../fakes/world.ts'

const [NODE, OTHER] = ['node' as InitiatorId, 'other' as InitiatorId]

test('what a cluster believes is compared with disks and attachments, in both directions', () => {
  const [agreed, unclaimed, unknown] = [diskIds.create(), diskIds.create(), diskIds.create()]
  const volumes = [agreed, unknown].map((diskId, index) => ({ name: `pv-${index}`, diskId }))
  const attachments = [
    { name: 'right', diskId: agreed, initiatorId: NODE },
    { name: 'wrong', diskId: agreed, initiatorId: OTHER },
  ]
  const held = [agreed, unclaimed].map((diskId) => ({ diskId, initiatorId: NODE }))
  const kinds = (...args: Parameters<typeof compareBeliefs>) =>
    compareBeliefs(...args).map(({ kind, entities, action }) => [kind, ...entities, action])
  expect(kinds({ volumes, attachments }, [agreed, unclaimed], held)).toEqual([
    ['volumeUnknown', unknown, 'reported'],
    ['volumeUnclaimed', unclaimed, 'reported'],
    ['attachmentUnknown', agreed, OTHER, 'reported'],
  ])
  expect(kinds({ volumes, attachments: [] }, [agreed, unclaimed], held)).toContainEqual([
    ...['attachmentMissing', agreed, NODE, 'reported'],
  ])
  const right = { volumes: [volumes[0]!], attachments: [attachments[0]!] }
  expect(kinds(right, [agreed], [held[0]!])).toEqual([])
})

test('a cluster that is plugged in is asked at each audit, and what it believes too', async () => {
  const diskId = diskIds.create()
  const cluster: Cluster = {
    beliefs: async () => ({ volumes: [{ name: 'pv-1', diskId }], attachments: [] }),
  }
  await using world = await createWorld()
  await using element = await world.boot({ cluster })
  const { findings } = await element.service.audit()
  expect(findings).toMatchObject([{ kind: 'volumeUnknown', entities: [diskId], action: 'reported' }])
})
