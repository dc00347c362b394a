import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CreateOptions,
  capabilityOf,
  createRequest,
  stagingOf,
  type TestVolume,
  targetOf,
} from '../support/volumes.ts'

/** A CSI call as data, so that it can be made twice, abandoned and made again. */
export interface CsiCall {
  readonly to: 'controller' | 'node'
  readonly rpc: string
  readonly fields: object
}

export interface Place {
  readonly nodeId: string
  /** Where staging and target paths go. */
  readonly folder: string
}

const onController = (rpc: string, fields: object): CsiCall => ({ to: 'controller', rpc, fields })
const onNode = (rpc: string, fields: object): CsiCall => ({ to: 'node', rpc, fields })

export const creation = (options: CreateOptions): CsiCall =>
  onController('CreateVolume', createRequest(options))

export const snapshotCreation = (name: string, { volumeId }: TestVolume): CsiCall =>
  onController('CreateSnapshot', { name, sourceVolumeId: volumeId })

export const snapshotDeletion = (snapshotId: string): CsiCall =>
  onController('DeleteSnapshot', { snapshotId })

/** Every call that a volume's life on a node is made of. */
export function callsFor(place: Place, volume: TestVolume) {
  const { nodeId } = place
  const { volumeId, volumeContext, access } = volume
  const stagingTargetPath = stagingOf(place, volume)
  const targetPath = targetOf(place, volume)
  const common = { volumeId, volumeContext, volumeCapability: capabilityOf(access) }
  const sized = (sizeBytes: number): object => ({
    volumeId,
    volumeCapability: capabilityOf(access),
    capacityRange: { requiredBytes: String(sizeBytes) },
  })
  mkdirSync(stagingTargetPath, { recursive: true })
  mkdirSync(join(place.folder, 'pods'), { recursive: true })
  return {
    targetPath,
    grant: onController('ControllerPublishVolume', { ...common, nodeId }),
    stage: onNode('NodeStageVolume', { ...common, stagingTargetPath }),
    publish: onNode('NodePublishVolume', { ...common, stagingTargetPath, targetPath }),
    unpublish: onNode('NodeUnpublishVolume', { volumeId, targetPath }),
    unstage: onNode('NodeUnstageVolume', { volumeId, stagingTargetPath }),
    revoke: onController('ControllerUnpublishVolume', { volumeId, nodeId }),
    grow: (sizeBytes: number) => onController('ControllerExpandVolume', sized(sizeBytes)),
    growOnNode: (sizeBytes: number) =>
      onNode('NodeExpandVolume', { ...sized(sizeBytes), volumePath: targetPath, stagingTargetPath }),
    deletion: onController('DeleteVolume', { volumeId }),
  }
}
