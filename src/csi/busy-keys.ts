import type { ControllerMethods, GroupControllerMethods, NodeMethods } from './messages.ts'

type Methods = ControllerMethods & GroupControllerMethods & NodeMethods

const byVolume = (request: { readonly volumeId: string }): string => `volume ${request.volumeId}`
const bySnapshot = (request: { readonly snapshotId: string }): string => `snapshot ${request.snapshotId}`
const byGroupSnapshot = (request: { readonly groupSnapshotId: string }): string =>
  `group snapshot ${request.groupSnapshotId}`

/**
 * What each RPC that changes something works on: a second call for the same object is refused at once. What only
 * reads is left out, and may run beside anything.
 */
export const BUSY_KEYS: {
  readonly [Name in keyof Methods]?: (request: Methods[Name]['request']) => string
} = {
  createVolume: (request) => `volume name ${request.name}`,
  deleteVolume: byVolume,
  controllerPublishVolume: byVolume,
  controllerUnpublishVolume: byVolume,
  controllerExpandVolume: byVolume,
  controllerModifyVolume: byVolume,
  createSnapshot: (request) => `snapshot name ${request.name}`,
  deleteSnapshot: bySnapshot,
  createVolumeGroupSnapshot: (request) => `group snapshot name ${request.name}`,
  deleteVolumeGroupSnapshot: byGroupSnapshot,
  nodeStageVolume: byVolume,
  nodeUnstageVolume: byVolume,
  nodePublishVolume: byVolume,
  nodeUnpublishVolume: byVolume,
  nodeExpandVolume: byVolume,
}
