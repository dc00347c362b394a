import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type {
  ControllerPublishVolumeResponse,
  CreateSnapshotResponse,
  CreateVolumeResponse,
  NodeGetInfoResponse,
} from '../../src/csi/messages.ts'
import type { CsiClient } from '../fakes/csi-client.ts'

export type AccessType = 'mount' | 'block'

/** What the tests and the demo need to know of a CSI volume. */
export interface TestVolume {
  readonly volumeId: string
  readonly volumeContext: Readonly<Record<string, string>>
  readonly access: AccessType
}

export interface CreateOptions {
  readonly name: string
  readonly sizeBytes?: number
  readonly parameters?: Readonly<Record<string, string>>
  readonly access?: AccessType
  /** Where its content comes from. */
  readonly snapshotId?: string
  readonly volumeId?: string
}

/** A CSI driver's two sockets, driven the way the sidecars and kubelet drive them. */
export interface Driver {
  readonly controller: CsiClient
  readonly node: CsiClient
  /** Where staging and target paths go. */
  readonly folder: string
}

/** kubelet's own limit for a CSI call. */
const CALL_TIMEOUT_MS = 120_000

export const capabilityOf = (access: AccessType): object => ({
  [access]: {},
  accessMode: { mode: 'SINGLE_NODE_WRITER' },
})

/** CreateVolume. */
export async function createVolume(driver: Driver, options: CreateOptions): Promise<TestVolume> {
  const request = createRequest(options)
  return madeVolume(options, await driver.controller.call('CreateVolume', request, CALL_TIMEOUT_MS))
}

export function createRequest(options: CreateOptions): object {
  return {
    name: options.name,
    ...(options.sizeBytes && { capacityRange: { requiredBytes: String(options.sizeBytes) } }),
    volumeCapabilities: [capabilityOf(options.access ?? 'mount')],
    parameters: options.parameters ?? {},
    ...sourceOf(options),
  }
}

export function madeVolume(
  { access = 'mount' }: Pick<CreateOptions, 'access'>,
  { volume }: CreateVolumeResponse,
): TestVolume {
  const { volumeId, volumeContext } = volume as NonNullable<typeof volume>
  return { volumeId, volumeContext, access }
}

function sourceOf({ snapshotId, volumeId }: CreateOptions): object {
  if (snapshotId !== undefined) return { volumeContentSource: { snapshot: { snapshotId } } }
  return volumeId === undefined ? {} : { volumeContentSource: { volume: { volumeId } } }
}

export const stagingOf = (driver: Pick<Driver, 'folder'>, volume: TestVolume): string =>
  join(driver.folder, 'staging', volume.volumeId)
export const targetOf = (driver: Pick<Driver, 'folder'>, volume: TestVolume): string =>
  join(driver.folder, 'pods', volume.volumeId)

async function nodeIdOf(driver: Driver): Promise<string> {
  return (await driver.node.call<NodeGetInfoResponse>('NodeGetInfo')).nodeId
}

/** From ControllerPublishVolume to NodePublishVolume; gives the path at which a pod would see the volume. */
export async function attachVolume(driver: Driver, volume: TestVolume): Promise<string> {
  const { volumeId, volumeContext } = volume
  const common = { volumeId, volumeContext, volumeCapability: capabilityOf(volume.access) }
  const { publishContext } = await driver.controller.call<ControllerPublishVolumeResponse>(
    'ControllerPublishVolume',
    { ...common, nodeId: await nodeIdOf(driver) },
    CALL_TIMEOUT_MS,
  )
  const stagingTargetPath = stagingOf(driver, volume)
  mkdirSync(stagingTargetPath, { recursive: true })
  mkdirSync(join(driver.folder, 'pods'), { recursive: true })
  const staged = { ...common, publishContext, stagingTargetPath }
  await driver.node.call('NodeStageVolume', staged, CALL_TIMEOUT_MS)
  await driver.node.call(
    'NodePublishVolume',
    { ...staged, targetPath: targetOf(driver, volume) },
    CALL_TIMEOUT_MS,
  )
  return targetOf(driver, volume)
}

/** From NodeUnpublishVolume to ControllerUnpublishVolume. */
export async function detachVolume(driver: Driver, volume: TestVolume): Promise<void> {
  const { volumeId } = volume
  const targetPath = targetOf(driver, volume)
  const stagingTargetPath = stagingOf(driver, volume)
  await driver.node.call('NodeUnpublishVolume', { volumeId, targetPath }, CALL_TIMEOUT_MS)
  await driver.node.call('NodeUnstageVolume', { volumeId, stagingTargetPath }, CALL_TIMEOUT_MS)
  const request = { volumeId, nodeId: await nodeIdOf(driver) }
  await driver.controller.call('ControllerUnpublishVolume', request, CALL_TIMEOUT_MS)
}

export async function deleteVolume(driver: Driver, { volumeId }: TestVolume): Promise<void> {
  await driver.controller.call('DeleteVolume', { volumeId }, CALL_TIMEOUT_MS)
}

/** Grows a volume that is published, file system and all. */
export async function growVolume(driver: Driver, volume: TestVolume, sizeBytes: number): Promise<void> {
  const { volumeId } = volume
  const common = {
    volumeId,
    capacityRange: { requiredBytes: String(sizeBytes) },
    volumeCapability: capabilityOf(volume.access),
  }
  await driver.controller.call('ControllerExpandVolume', common, CALL_TIMEOUT_MS)
  const paths = { volumePath: targetOf(driver, volume), stagingTargetPath: stagingOf(driver, volume) }
  await driver.node.call('NodeExpandVolume', { ...common, ...paths }, CALL_TIMEOUT_MS)
}

/** CreateSnapshot; gives the snapshot's id. */
export async function createSnapshot(driver: Driver, name: string, volume: TestVolume): Promise<string> {
  const request = { name, sourceVolumeId: volume.volumeId }
  const { snapshot } = await driver.controller.call<CreateSnapshotResponse>(
    'CreateSnapshot',
    request,
    CALL_TIMEOUT_MS,
  )
  return (snapshot as NonNullable<typeof snapshot>).snapshotId
}

export async function deleteSnapshot(driver: Driver, snapshotId: string): Promise<void> {
  await driver.controller.call('DeleteSnapshot', { snapshotId }, CALL_TIMEOUT_MS)
}
