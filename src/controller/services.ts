import { createIdentityService } from '../csi/identity.ts'
import type { CsiServices } from '../csi/protocol.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { controllerExpandVolume } from './controllerExpandVolume.ts'
import { type AttachMode, controllerGetCapabilities } from './controllerGetCapabilities.ts'
import { controllerGetVolume } from './controllerGetVolume.ts'
import { controllerGetVolumeHealth } from './controllerGetVolumeHealth.ts'
import { controllerListVolumeHealth } from './controllerListVolumeHealth.ts'
import { controllerModifyVolume } from './controllerModifyVolume.ts'
import { controllerPublishVolume } from './controllerPublishVolume.ts'
import { controllerUnpublishVolume } from './controllerUnpublishVolume.ts'
import { createSnapshot } from './createSnapshot.ts'
import { createVolume } from './createVolume.ts'
import { createVolumeGroupSnapshot } from './createVolumeGroupSnapshot.ts'
import { deleteSnapshot } from './deleteSnapshot.ts'
import { deleteVolume } from './deleteVolume.ts'
import { deleteVolumeGroupSnapshot } from './deleteVolumeGroupSnapshot.ts'
import { getCapacity } from './getCapacity.ts'
import { getMetadataAllocated } from './getMetadataAllocated.ts'
import { getMetadataDelta } from './getMetadataDelta.ts'
import { getSnapshot } from './getSnapshot.ts'
import { getVolumeGroupSnapshot } from './getVolumeGroupSnapshot.ts'
import { groupControllerGetCapabilities } from './groupControllerGetCapabilities.ts'
import { listSnapshots } from './listSnapshots.ts'
import { listVolumes } from './listVolumes.ts'
import { validateVolumeCapabilities } from './validateVolumeCapabilities.ts'

export interface ControllerOptions {
  readonly groups: VolumeGroups
  readonly attach: AttachMode
  /** The version in package.json. */
  readonly version: string
  /** Whether the health RPCs of CSI 1.13, which are alpha, are offered. Left out: no. */
  readonly volumeHealth?: boolean | undefined
}

/** Everything that the controller answers on its socket. It keeps no state, so any number of replicas may run. */
export function createControllerServices(options: ControllerOptions) {
  const { groups, attach, version, volumeHealth = false } = options
  return {
    Identity: createIdentityService({ endpoint: groups, version }),
    Controller: {
      controllerGetCapabilities: controllerGetCapabilities({ attach, volumeHealth }),
      createVolume: createVolume(groups),
      deleteVolume: deleteVolume(groups),
      ...(attach === 'controller' ? publishing(groups) : {}),
      ...(volumeHealth ? health(groups) : {}),
      validateVolumeCapabilities: validateVolumeCapabilities(groups),
      listVolumes: listVolumes(groups),
      controllerGetVolume: controllerGetVolume(groups),
      getCapacity: getCapacity(groups),
      controllerExpandVolume: controllerExpandVolume(groups),
      controllerModifyVolume: controllerModifyVolume(groups),
      createSnapshot: createSnapshot(groups),
      deleteSnapshot: deleteSnapshot(groups),
      listSnapshots: listSnapshots(groups),
      getSnapshot: getSnapshot(groups),
    },
    SnapshotMetadata: {
      getMetadataAllocated: getMetadataAllocated(groups),
      getMetadataDelta: getMetadataDelta(groups),
    },
    GroupController: {
      groupControllerGetCapabilities: groupControllerGetCapabilities(),
      createVolumeGroupSnapshot: createVolumeGroupSnapshot(groups),
      deleteVolumeGroupSnapshot: deleteVolumeGroupSnapshot(groups),
      getVolumeGroupSnapshot: getVolumeGroupSnapshot(groups),
    },
  } satisfies CsiServices
}

const publishing = (groups: VolumeGroups) => ({
  controllerPublishVolume: controllerPublishVolume(groups),
  controllerUnpublishVolume: controllerUnpublishVolume(groups),
})

const health = (groups: VolumeGroups) => ({
  controllerGetVolumeHealth: controllerGetVolumeHealth(groups),
  controllerListVolumeHealth: controllerListVolumeHealth(groups),
})
