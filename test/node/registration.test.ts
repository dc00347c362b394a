import { expect, test } from 'vitest'
import { createNodeService } from '../../src/node/service.ts'
import type { InitiatorId } from '../../src/volumegroups/index.ts'
import { NODE, World } from './support.ts'

test('NodeGetInfo registers the node and says who and where it is', async () => {
  const world = await World.create()
  const status = await world.groups.status()
  expect(await world.call('nodeGetInfo')).toMatchObject({
    nodeId: NODE,
    maxVolumesPerNode: '10',
    accessibleTopology: {
      segments: {
        'csi.mooring.storage/site': status.site,
        'csi.mooring.storage/element': status.elementId,
      },
    },
  })
  expect(await world.groups.getInitiator(NODE)).toMatchObject({
    name: world.parts.initiatorName,
    maxAttachments: 10,
  })
})

test('an initiator name that another node has is refused, and that node is not ready', async () => {
  const world = await World.create()
  const twin = { ...world.parts, nodeId: 'node-2' as InitiatorId }
  await expect(world.call('nodeGetInfo', {}, twin)).rejects.toMatchObject({ reason: 'INITIATOR_NAME_TAKEN' })
  await expect(createNodeService(twin).registration.status()).rejects.toMatchObject({
    reason: 'INITIATOR_NAME_TAKEN',
  })
})

test('the status for Probe registers the node by itself, once', async () => {
  const world = await World.create()
  await world.groups.removeInitiator(NODE)
  const { registration } = createNodeService(world.parts)
  expect((await registration.status()).state).toBe('ready')
  expect(await world.groups.getInitiator(NODE)).toBeDefined()
  await world.groups.removeInitiator(NODE)
  await registration.status()
  await expect(world.groups.getInitiator(NODE)).rejects.toMatchObject({ reason: 'INITIATOR_NOT_FOUND' })
})
