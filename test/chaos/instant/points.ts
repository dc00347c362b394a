import type { CreateVolumeGroupSnapshotResponse, VolumeGroupSnapshot } from '../../../src/csi/messages.ts'
import {
  attachVolume,
  type CreateOptions,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../../support/volumes.ts'

/** A recovery point as CSI shows it, its disks in the order of the volumes. */
export interface GroupPoint {
  readonly id: string
  readonly snapshotIds: readonly string[]
  readonly volumes: readonly TestVolume[]
}

const TIMEOUT_MS = 120_000

/** CreateVolumeGroupSnapshot. */
export async function takePoint(
  driver: Driver,
  name: string,
  volumes: readonly TestVolume[],
): Promise<GroupPoint> {
  const sourceVolumeIds = volumes.map(({ volumeId }) => volumeId)
  const { groupSnapshot } = await driver.controller.call<CreateVolumeGroupSnapshotResponse>(
    'CreateVolumeGroupSnapshot',
    { name, sourceVolumeIds },
    TIMEOUT_MS,
  )
  const { groupSnapshotId: id, snapshots } = groupSnapshot as VolumeGroupSnapshot
  const snapshotOf = (volumeId: string): string =>
    snapshots.find(({ sourceVolumeId }) => sourceVolumeId === volumeId)!.snapshotId
  return { id, snapshotIds: sourceVolumeIds.map(snapshotOf), volumes }
}

export async function deletePoint(driver: Driver, { id, snapshotIds }: GroupPoint): Promise<void> {
  const request = { groupSnapshotId: id, snapshotIds }
  await driver.controller.call('DeleteVolumeGroupSnapshot', request, TIMEOUT_MS)
}

/** Volumes made of a point and attached. They go when they are disposed of. */
export interface Clones extends AsyncDisposable {
  readonly volumes: readonly TestVolume[]
  readonly paths: readonly string[]
  detach(): Promise<void>
}

/** Makes and attaches a volume of each disk of the point. */
export async function cloneOf(
  driver: Driver,
  { id, snapshotIds }: GroupPoint,
  disk: Pick<CreateOptions, 'access'>,
): Promise<Clones> {
  const volumes: TestVolume[] = []
  const paths: string[] = []
  const attached = new Set<TestVolume>()
  const detach = async (): Promise<void> => {
    for (const volume of attached) {
      await detachVolume(driver, volume)
      attached.delete(volume)
    }
  }
  for (const [index, snapshotId] of snapshotIds.entries()) {
    const volume = await createVolume(driver, { ...disk, name: `${id}-${index}`, snapshotId })
    volumes.push(volume)
    attached.add(volume)
    paths.push(await attachVolume(driver, volume))
  }
  return {
    volumes,
    paths,
    detach,
    async [Symbol.asyncDispose]() {
      await detach()
      for (const volume of volumes) await deleteVolume(driver, volume)
    },
  }
}
