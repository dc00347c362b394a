import type { createControllerServices } from '../../../src/controller/services.ts'
import { snapshotIdOf } from '../../../src/csi/snapshot-id.ts'
import { mountOf, volumeRequest } from '../../fakes/csi-controller.ts'
import type { Things } from './two-projects.ts'

type Services = ReturnType<typeof createControllerServices>
export type Rpc =
  | keyof Services['Controller']
  | keyof Services['GroupController']
  | keyof Services['SnapshotMetadata']

const none = (): object[] => [{}]
const volumes = ({ diskId, attachedId }: Things): string[] => [diskId, attachedId]
const snapshotOf = ({ pointId, diskId }: Pick<Things, 'pointId' | 'diskId'>): string =>
  snapshotIdOf({ recoveryPointId: pointId, diskId } as never)
const membersOf = ({ groupedId, diskId, attachedId }: Things): string[] =>
  [diskId, attachedId].map((id) => snapshotOf({ pointId: groupedId, diskId: id })).sort()
const grouped = (other: Things): object => ({
  groupSnapshotId: other.groupedId,
  snapshotIds: membersOf(other),
})

/** A volume for oneself that has something to do with what is another's. */
function newVolumes(other: Things, own: Things): object[] {
  const inOwn = { project: own.path }
  const ofDisk = { volumeContentSource: { volume: { volumeId: other.diskId } } }
  const ofPoint = { volumeContentSource: { snapshot: { snapshotId: snapshotOf(other) } } }
  return [
    volumeRequest('c1', { parameters: { project: other.path } }),
    volumeRequest('c2', { parameters: { project: other.path, createProject: 'true' } }),
    volumeRequest('c3', { parameters: { project: other.path, volumeGroup: other.groupName } }),
    volumeRequest(other.diskName, { parameters: inOwn, capacityRange: { requiredBytes: '16777216' } }),
    volumeRequest('c6', { parameters: inOwn, mutableParameters: { snapshotPolicy: other.policyName } }),
    volumeRequest('c4', { parameters: inOwn, ...ofDisk }),
    volumeRequest('c5', { parameters: inOwn, ...ofPoint }),
  ]
}

const published = (other: Things, own: Things): { volumeId: string; nodeId: string }[] => [
  ...volumes(other).map((volumeId) => ({ volumeId, nodeId: own.initiatorId })),
  ...volumes(own).map((volumeId) => ({ volumeId, nodeId: other.initiatorId })),
  ...volumes(other).map((volumeId) => ({ volumeId, nodeId: other.initiatorId })),
]

/** Every way in which a CSI request can name what is not the caller's. An RPC without a line does not compile. */
export const CSI_CALLS: { readonly [Name in Rpc]: (other: Things, own: Things) => object[] } = {
  controllerGetCapabilities: none,
  createVolume: newVolumes,
  deleteVolume: (other) => volumes(other).map((volumeId) => ({ volumeId })),
  controllerPublishVolume: (other, own) =>
    published(other, own).map((one) => ({ ...one, volumeCapability: mountOf() })),
  controllerUnpublishVolume: (other, own) => [
    ...published(other, own),
    ...volumes(other).map((volumeId) => ({ volumeId })),
  ],
  validateVolumeCapabilities: (other) =>
    volumes(other).map((volumeId) => ({ volumeId, volumeCapabilities: [mountOf()] })),
  listVolumes: ({ pageToken }) => [{}, { maxEntries: 1, startingToken: pageToken }],
  controllerGetVolume: (other) => volumes(other).map((volumeId) => ({ volumeId })),
  controllerGetVolumeHealth: (other) => volumes(other).map((volumeId) => ({ volumeId })),
  controllerListVolumeHealth: ({ pageToken }) => [{}, { maxEntries: 1, startingToken: pageToken }],
  getCapacity: ({ path }) => [{}, { parameters: { project: path } }],
  controllerExpandVolume: (other) =>
    volumes(other).map((volumeId) => ({ volumeId, capacityRange: { requiredBytes: '1073741824' } })),
  controllerModifyVolume: (other, own) => [
    ...volumes(other).map((volumeId) => ({ volumeId, mutableParameters: { snapshotPolicy: '' } })),
    ...volumes(other).map((volumeId) => ({ volumeId, mutableParameters: { labels: 'mine=yes' } })),
    { volumeId: own.diskId, mutableParameters: { snapshotPolicy: other.policyName } },
  ],
  createSnapshot: (other, own) => [
    { name: 's1', sourceVolumeId: other.diskId },
    { name: other.pointName, sourceVolumeId: own.diskId },
  ],
  deleteSnapshot: (other) => [snapshotOf(other), ...membersOf(other)].map((snapshotId) => ({ snapshotId })),
  listSnapshots: (other) => [
    ...[{}, { snapshotId: snapshotOf(other) }, { sourceVolumeId: other.diskId }],
    { snapshotId: snapshotOf(other), sourceVolumeId: other.diskId },
  ],
  getSnapshot: (other) => [snapshotOf(other), ...membersOf(other)].map((snapshotId) => ({ snapshotId })),
  groupControllerGetCapabilities: none,
  createVolumeGroupSnapshot: (other, own) => [
    { name: 'g1', sourceVolumeIds: volumes(other) },
    { name: 'g2', sourceVolumeIds: [own.diskId, other.diskId] },
  ],
  deleteVolumeGroupSnapshot: (other) => [grouped(other)],
  getVolumeGroupSnapshot: (other) => [grouped(other)],
  getMetadataAllocated: (other) => [{ snapshotId: snapshotOf(other) }],
  getMetadataDelta: (other, own) => [
    { baseSnapshotId: snapshotOf(other), targetSnapshotId: snapshotOf(other) },
    { baseSnapshotId: snapshotOf(other), targetSnapshotId: snapshotOf(own) },
    { baseSnapshotId: snapshotOf(own), targetSnapshotId: snapshotOf(other) },
  ],
}
