import { expect, test } from 'vitest'
import { CSI_LIMITS } from '../../src/csi/protocol.ts'
import { checkLimits } from '../../src/rpc/check-limits.ts'
import type { StorageError, Violation } from '../../src/volumegroups/index.ts'
import { request } from '../fakes/csi-client.ts'

function faultsOf(rpc: string, fields: object): readonly Violation[] {
  try {
    checkLimits(request<object>(rpc, fields), `${rpc}Request`, CSI_LIMITS)
    return []
  } catch (error) {
    return (error as StorageError).violations
  }
}

const fieldsAtFault = (rpc: string, fields: object): string[] =>
  faultsOf(rpc, fields).map(({ field }) => field)
const ofBytes = (bytes: number): string => 'x'.repeat(bytes)

test.each<[string, object]>([
  ['CreateVolume', { name: ofBytes(128) }],
  ['CreateVolume', { name: 'ü'.repeat(64) }],
  ['CreateVolume', { name: 'a\tb\nc\rd' }],
  ['CreateVolume', { parameters: { key: ofBytes(4093) } }],
  ['ControllerPublishVolume', { nodeId: ofBytes(256) }],
  ['NodeStageVolume', { stagingTargetPath: ofBytes(4096) }],
  ['NodePublishVolume', { volumeCapability: { mount: { mountFlags: [ofBytes(4000), ofBytes(96)] } } }],
  ['DeleteVolume', { secrets: { 'a-b_c.D9': ofBytes(100) } }],
])('%s within its limits', (rpc, fields) => {
  expect(fieldsAtFault(rpc, fields)).toEqual([])
})

test.each<[string, object, string]>([
  ['CreateVolume', { name: ofBytes(129) }, 'name'],
  ['CreateVolume', { name: 'ü'.repeat(65) }, 'name'],
  ['CreateVolume', { name: 'a\u0007b' }, 'name'],
  ['CreateVolume', { name: 'a\u0085b' }, 'name'],
  ['CreateVolume', { parameters: { key: ofBytes(4094) } }, 'parameters'],
  ['CreateVolume', { secrets: { 'no spaces': 'x' } }, 'a key of secrets'],
  [
    'CreateVolume',
    { volumeContentSource: { snapshot: { snapshotId: ofBytes(129) } } },
    'volume_content_source.snapshot.snapshot_id',
  ],
  [
    'CreateVolume',
    { accessibilityRequirements: { requisite: [{}, { segments: { a: ofBytes(4096) } }] } },
    'accessibility_requirements.requisite[1].segments',
  ],
  ['ControllerPublishVolume', { nodeId: ofBytes(257) }, 'node_id'],
  ['NodeStageVolume', { stagingTargetPath: ofBytes(4097) }, 'staging_target_path'],
  [
    'NodePublishVolume',
    { volumeCapability: { mount: { mountFlags: [ofBytes(4000), ofBytes(97)] } } },
    'volume_capability.mount.mount_flags',
  ],
  ['DeleteVolumeGroupSnapshot', { snapshotIds: ['a', ofBytes(129)] }, 'snapshot_ids[1]'],
])('%s over a limit', (rpc, fields, field) => {
  expect(fieldsAtFault(rpc, fields)).toEqual([field])
})

test('all faults are told at once, in one sentence each, without the content', () => {
  const secret = ofBytes(5000)
  const faults = faultsOf('CreateVolume', { name: ofBytes(200), secrets: { password: secret } })
  expect(faults.map(({ message }) => message)).toEqual([
    'name is 200 bytes long, and the limit is 128',
    'secrets is 5008 bytes long, and the limit is 4096',
  ])
})
