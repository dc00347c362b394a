import { expect, test } from 'vitest'
import { blockOf, FakeCaller, fakeCaller, GIB, gib, mountOf } from '../fakes/csi-controller.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'

const caller = () => new FakeCaller(new FakeVolumeGroups({ totalBytes: 10n * GIB }))
const NOTHING = { availableCapacity: '0', maximumVolumeSize: { value: '0' } }

test('what is free, and the largest and smallest volume', async () => {
  const asked = caller()
  await asked.volume('a')
  expect(await asked.call('GetCapacity')).toEqual({
    availableCapacity: gib(9n),
    maximumVolumeSize: { value: gib(9n) },
    minimumVolumeSize: { value: (1024n * 1024n).toString() },
  })
})

test('it is all there for a supported use in this site', async () => {
  const request = {
    volumeCapabilities: [mountOf('xfs'), blockOf('MULTI_NODE_MULTI_WRITER')],
    parameters: { fsType: 'xfs', volumeGroup: '$' + '{pvc.name}' },
    accessibleTopology: { segments: { 'csi.mooring.storage/site': 'site-1' } },
  }
  expect(await caller().call('GetCapacity', request)).toMatchObject({ availableCapacity: gib(10n) })
})

test('there is nothing in another site, or for a use that is not supported', async () => {
  const accessibleTopology = { segments: { 'csi.mooring.storage/site': 'site-2' } }
  expect(await caller().call('GetCapacity', { accessibleTopology })).toMatchObject(NOTHING)
  const volumeCapabilities = [mountOf('zfs')]
  expect(await caller().call('GetCapacity', { volumeCapabilities })).toMatchObject(NOTHING)
})

test('unknown parameters and incomplete capabilities are refused, all at once', async () => {
  const request = { parameters: { pool: 'x' }, volumeCapabilities: [{ block: {} }] }
  await fakeCaller().refuses('GetCapacity', request, 3, /parameters\.pool is not known.*has no access mode/)
})
